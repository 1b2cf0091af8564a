"""A Redis that a test may kill, patience with one that is only slow, and a provider of models that does as told."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lexora_gql.adapters import redis_connections
from lexora_gql.embedded.redis import EmbeddedRedis
from tests.openai_server import ScriptedOpenAI


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


@pytest.fixture(scope="module")
def scripted_openai() -> Iterator[ScriptedOpenAI]:
    """A provider that the tests of a module share."""
    with ScriptedOpenAI() as server:
        yield server


@pytest.fixture
def provider(scripted_openai: ScriptedOpenAI) -> ScriptedOpenAI:
    """A provider that has not been told anything yet."""
    scripted_openai.reset()
    return scripted_openai
