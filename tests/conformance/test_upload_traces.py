"""What uploads leave behind: nothing, however they end."""

import asyncio
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lexora_gql.storage.database import Database
from tests.conformance.descriptors import kinds, open_files
from tests.conformance.forms import BOUNDARY, MANY, TYPE, field, file, form, sent, upload
from tests.conformance.raw_http import post, wire
from tests.database import empty
from tests.transport.api import PASSWORD, PREFLIGHT, Api, Client, serving, settings_for

MEBIBYTE = 1024 * 1024
MAX_BYTES = 64 * MEBIBYTE
LARGE = b"Invoices are paid within 30 days.\n" * 60_000
"""Two mebibytes: kept on disk while they arrive."""


@pytest.fixture(scope="module")
async def api(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """A server that takes large files."""
    await empty(session_database)
    settings = settings_for(tmp_path_factory.mktemp("traces"), max_file_size=MAX_BYTES)
    async with serving(session_database, settings) as running:
        yield running
    await empty(session_database)


@pytest.fixture(scope="module")
async def reader(api: Api) -> Client:
    """Somebody who uploads."""
    account = {"email": "traces@example.org", "password": PASSWORD}
    return Client(api.http, (await api.nobody().run("Register", input=account))["accessToken"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made for now."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def temporary_files(folder: Path) -> list[str]:
    """Return the temporary files that this process has open, those without a name included."""
    return [name for name in open_files() if name.startswith(str(folder))] + [str(path) for path in folder.iterdir()]


async def gone(folder: Path) -> bool:
    """Return whether they are gone, or are so within a moment: a server learns of an abort when its client has left."""
    for _ in range(200):
        if not temporary_files(folder):
            return True
        await asyncio.sleep(0.01)
    return False


class TestFiles:
    async def test_they_are_seen_here_while_they_arrive(self, api: Api, reader: Client, folder: Path) -> None:
        headers = (f"Content-Type: {TYPE}", f"Authorization: Bearer {reader.token}", "X-Requested-With: test")
        body = upload(file("0", LARGE))
        async with wire(api.port) as connection:
            await connection.say(post(b"", *headers, length=len(body)), body[:-10])
            async with asyncio.timeout(10):
                while not temporary_files(folder):  # noqa: ASYNC110  # the kernel tells nobody
                    await asyncio.sleep(0.01)
            await connection.say(body[-10:])
            assert (await connection.hear()).status == 200

        assert await gone(folder)

    @pytest.mark.parametrize(
        ("_case", "body", "status"),
        [
            ("accepted", upload(file("0", LARGE)), 200),
            ("of no type that is read", upload(file("0", b"MZ\x90\x00" + bytes(256) + LARGE)), 200),
            ("too large", upload(file("0", LARGE * 32)), 200),
            ("a wrong document", upload(file("0", LARGE), operations={"query": "{", "variables": {"file": None}}), 200),
            ("a wrong place", upload(file("0", LARGE), places={"0": ["variables.other"]}), 400),
            ("no end", upload(file("0", LARGE))[:-10], 400),
            ("another part after it", upload(file("0", LARGE), file("1", LARGE)), 400),
            ("broken after it", upload(file("0", LARGE))[:-30] + f"\r\n--{BOUNDARY}\r\n\n".encode(), 400),
        ],
    )
    async def test_they_are_gone_with_the_answer(
        self, reader: Client, folder: Path, _case: str, body: bytes, status: int
    ) -> None:
        response = await sent(reader, body)

        assert (response.status_code, temporary_files(folder)) == (status, [])

    async def test_they_are_gone_when_the_client_is(self, api: Api, reader: Client, folder: Path) -> None:
        headers = (f"Content-Type: {TYPE}", f"Authorization: Bearer {reader.token}", "X-Requested-With: test")
        body = upload(file("0", LARGE))
        for share in (1, 2, 3, 5, 9):
            async with wire(api.port) as connection:
                await connection.say(post(b"", *headers, length=len(body)), body[: len(body) * share // 10])

        assert await gone(folder)
        assert (await sent(reader, upload(file("0", LARGE)))).status_code == 200

    async def test_descriptors_come_back(self, api: Api, reader: Client, folder: Path) -> None:
        before = kinds()
        for _ in range(5):
            await asyncio.gather(*(sent(reader, upload(file("0", LARGE + b"%d" % at))) for at in range(4)))

        assert await gone(folder)
        assert kinds()["file"] == before["file"]
        # Connections that are kept for later: those of clients have two ends here, those to PostgreSQL one.
        assert kinds()["socket"] <= before["socket"] + 3 * 4


class TestMemory:
    async def test_it_stays_flat_whatever_is_sent(self, reader: Client, folder: Path) -> None:
        operations = {"query": MANY, "variables": {"inputs": [{"file": None}] * 2}}
        places = {str(at): [f"variables.inputs.{at}.file"] for at in range(2)}
        head = form(field("operations", operations), field("map", places)).removesuffix(f"--{BOUNDARY}--\r\n".encode())

        async def pieces() -> AsyncIterator[bytes]:
            yield head
            for name in places:
                yield bytes(file(name, b"@")).partition(b"@")[0]
                for _ in range(40):
                    yield LARGE[:MEBIBYTE]
                yield b"\r\n"
            yield f"--{BOUNDARY}--\r\n".encode()

        tracemalloc.start()
        try:
            headers = reader.headers | PREFLIGHT | {"Content-Type": TYPE}
            response = await reader.http.post("/graphql", content=pieces(), headers=headers, timeout=60)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert response.json()["data"] == {"uploadDocuments": [{"__typename": "DocumentAccepted"}] * 2}
        assert peak < 16 * MEBIBYTE
