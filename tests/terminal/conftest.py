"""One server for the tests of its clients, with a model that does as it is told."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lexora_gql.embedded.redis import EmbeddedRedis
from tests.database import create_database
from tests.openai_server import ScriptedOpenAI
from tests.terminal.running_server import RunningServer

CANTEEN = "# The canteen\n\nThe canteen opens at noon. Lunch costs four euros.\n"


@pytest.fixture(scope="package")
def provider() -> Iterator[ScriptedOpenAI]:
    """The model's provider."""
    with ScriptedOpenAI() as provider:
        yield provider


@pytest.fixture(scope="package")
async def server(
    postgres_url: str, servers_folder: Path, provider: ScriptedOpenAI, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningServer]:
    """API and worker; the Redis is theirs alone, since a worker answers every ring."""
    redis = EmbeddedRedis(servers_folder / "redis-of-terminal")
    await redis.start()
    server = await RunningServer.start(
        tmp_path_factory.mktemp("data"),
        DATABASE_URL=await create_database(postgres_url),
        REDIS_URL=redis.url,
        SECRET_KEY="a secret of the tests, 32 bytes or more",
        OPENAI_BASE_URL=provider.url,
        OPENAI_API_KEY="a key of the tests",
        OPENAI_MODEL="test-model",
        LOGIN_ATTEMPTS_PER_MINUTE="1000",
        RATE_LIMIT_PER_MINUTE="1000",
    )
    yield server
    await server.stop()
    await redis.stop()


@pytest.fixture
def email() -> str:
    """An address that nobody has used."""
    return f"{uuid4().hex}@example.com"


@pytest.fixture
async def environment(server: RunningServer, email: str) -> dict[str, str]:
    """What a command needs to speak for somebody new."""
    return {"LEXORA_URL": server.url, "LEXORA_TOKEN": await server.register(email)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one document."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "canteen.md").write_text(CANTEEN, encoding="utf-8")
    return folder
