"""APIs that are killed in the middle of what they do with files: nothing of it stays."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.end_to_end.client import Client
from tests.end_to_end.stack import Program, Stack

BOUNDARY = "parts"
OPERATION = (
    '{"query": "mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }",'
    ' "variables": {"input": {"file": null}}}'
)


@pytest.fixture(scope="module")
async def stack(postgres_url: str) -> AsyncIterator[Stack]:
    async with Stack.open(postgres_url) as stack:
        yield stack


@pytest.fixture
async def api(stack: Stack, tmp_path: Path) -> AsyncIterator[Program]:
    """An API that does nothing by itself for an hour, with a folder of its own for temporary files."""
    api = await stack.start_api(RECONCILE_SECONDS="60", TMPDIR=str(tmp_path))
    yield api
    await api.kill()


@pytest.fixture
async def client(api: Program) -> AsyncIterator[Client]:
    client = Client(api.address)
    await client.register()
    yield client
    await client.close()


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def stored(stack: Stack) -> list[Path]:
    """Return the files in the blob store, half-written ones included."""
    return [path for path in (stack.folder / "data" / "blobs").rglob("*") if path.is_file()]


async def until(condition: Any, *, seconds: float = 60.0) -> None:
    """Wait until something outside holds, which has no event."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # as said
            await asyncio.sleep(0.02)


@contextmanager
def a_file(tmp_path: Path, text: str) -> Iterator[Path]:
    path = tmp_path / "paper.txt"
    path.write_text(text)
    yield path
    path.unlink()


class TestKilling:
    async def test_between_the_bytes_and_their_row(
        self, stack: Stack, api: Program, client: Client, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("sent")
        connection = await asyncpg.connect(stack.database_url)
        with a_file(folder, "Never committed.") as path:
            async with connection.transaction():
                # The row waits behind this lock; the bytes do not.
                await connection.execute("LOCK TABLE documents IN SHARE MODE")
                uploading = asyncio.ensure_future(client.upload(path))
                await until(lambda: [file for file in stored(stack) if file.parent.name != ".incoming"])
                await api.kill()
        await connection.close()
        with pytest.raises(httpx.HTTPError):
            await uploading

        [orphan] = stored(stack)
        two_hours_ago = time.time() - 7_200
        os.utime(orphan, (two_hours_ago, two_hours_ago))

        assert await stack.audit() == (0, "1 files, 1 that no document names, 1 removed.")
        assert stored(stack) == []

    async def test_between_the_deletion_and_the_purge(
        self, stack: Stack, api: Program, client: Client, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with a_file(tmp_path_factory.mktemp("sent"), "To be deleted.") as path:
            document = (await client.upload(path))["document"]
        assert len(stored(stack)) == 1

        await client.run("DeleteDocument", id=document["id"])
        await api.kill()
        assert len(stored(stack)) == 1
        started = time.monotonic()
        another = await stack.start_api()
        await until(lambda: not stored(stack))
        seconds = time.monotonic() - started
        await another.kill()

        assert seconds < 60

    async def test_while_the_body_comes(self, stack: Stack, api: Program, client: Client, tmp_path: Path) -> None:
        """Twenty megabytes are kept aside by then, under no name that could outlive the process."""
        sent, go_on = asyncio.Event(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            head = "Content-Disposition: form-data; name="
            yield f'--{BOUNDARY}\r\n{head}"operations"\r\n\r\n{OPERATION}\r\n'.encode()
            yield f'--{BOUNDARY}\r\n{head}"map"\r\n\r\n{{"0": ["variables.input.file"]}}\r\n'.encode()
            yield f'--{BOUNDARY}\r\n{head}"0"; filename="a.txt"\r\n\r\n'.encode()
            for _ in range(20):
                yield bytes(1_000_000)
            sent.set()
            await go_on.wait()
            yield bytes(1_000_000)

        headers = {
            **client.headers,
            "GraphQL-Require-Preflight": "1",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        uploading = asyncio.ensure_future(client.http.post(f"{api.address}/graphql", content=body(), headers=headers))
        await asyncio.wait({uploading, asyncio.ensure_future(sent.wait())}, return_when=asyncio.FIRST_COMPLETED)
        assert not uploading.done(), uploading.result().text
        await until(lambda: staged_bytes(api, tmp_path) >= 15_000_000)

        assert names_in(tmp_path) == []
        await api.kill()
        go_on.set()
        with pytest.raises(httpx.HTTPError):
            await uploading
        assert (names_in(tmp_path), stored(stack)) == ([], [])


def staged_bytes(api: Program, folder: Path) -> int:
    """Return how many bytes a process holds in files without a name in a folder."""
    descriptors = Path(f"/proc/{api.process.pid}/fd")
    found = [path for path in descriptors.iterdir() if str(path.readlink()).startswith(str(folder))]
    return sum(path.stat().st_size for path in found)
