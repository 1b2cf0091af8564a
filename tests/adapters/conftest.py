"""A Redis that a test may kill, and patience with one that is only slow."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from lexora_gql.adapters import redis_connections
from lexora_gql.embedded.redis import EmbeddedRedis


@pytest.fixture
async def own_redis(servers_folder: Path) -> AsyncIterator[EmbeddedRedis]:
    """A server of the test's own."""
    server = EmbeddedRedis(servers_folder / f"redis-{uuid4().hex[:8]}")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that stalls, a Redis that is there must not count as away."""
    monkeypatch.setattr(redis_connections, "CALL_SECONDS", 60.0)
    monkeypatch.setattr(redis_connections, "CONNECT_SECONDS", 60.0)
