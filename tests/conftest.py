"""Real PostgreSQL and Redis for every test: one of each per session, thrown away afterwards."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lexora_gql.embedded.postgres import EmbeddedPostgres
from lexora_gql.embedded.redis import EmbeddedRedis


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A folder that the servers' user can reach; pytest's own temporary folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="lexora-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def postgres_url(servers_folder: Path) -> AsyncIterator[str]:
    """The address of an empty database, as a superuser who may make more of them."""
    server = EmbeddedPostgres(servers_folder / "postgres", durable=False)
    await server.start()
    yield server.url
    await server.stop()


@pytest.fixture(scope="session")
async def redis_url(servers_folder: Path) -> AsyncIterator[str]:
    """The address of an empty Redis."""
    server = EmbeddedRedis(servers_folder / "redis")
    await server.start()
    yield server.url
    await server.stop()
