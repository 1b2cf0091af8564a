"""Real PostgreSQL and Redis for every test: one of each per session, thrown away afterwards."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from lexora_gql.embedded.postgres import EmbeddedPostgres
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.storage.database import Database
from tests.database import connect, create_database, empty, is_occupied
from tests.factories import Library

# How long an example takes says more about the machine than about the code.
settings.register_profile("lexora", deadline=None)
settings.load_profile("lexora")


def pytest_configure() -> None:
    """Have what is logged within this process drawn plainly: with its variables, a traceback would take seconds."""
    drawn = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], drawn])


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


@pytest.fixture(scope="session")
async def database_url(postgres_url: str) -> str:
    """The address of a migrated database, for tests that start processes of their own."""
    return await create_database(postgres_url)


@pytest.fixture(scope="session")
async def session_database(database_url: str) -> AsyncIterator[Database]:
    """The engine that all tests of the session share, as they share its loop; use `database`."""
    database = connect(database_url)
    yield database
    await database.dispose()


@pytest.fixture
async def database(session_database: Database) -> AsyncIterator[Database]:
    """A migrated database without rows; what the test commits is deleted afterwards."""
    # What all tests of a module share may still be there, when a run comes to another module in between.
    if await is_occupied(session_database):
        await empty(session_database)
    yield session_database
    await empty(session_database)


@pytest.fixture
def library(database: Database) -> Library:
    """Makes people and what is theirs."""
    return Library(database)
