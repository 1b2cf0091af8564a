"""A Redis that a test may kill."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from lexora_gql.embedded.redis import EmbeddedRedis


@pytest.fixture
async def own_redis(servers_folder: Path) -> AsyncIterator[EmbeddedRedis]:
    """A server of the test's own."""
    server = EmbeddedRedis(servers_folder / f"redis-{uuid4().hex[:8]}")
    await server.start()
    yield server
    await server.stop()
