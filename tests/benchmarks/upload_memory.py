"""How much the API grows while files of 50 MiB go in and out, and that it does not matter how many come at once.

    python -m tests.benchmarks.upload_memory

The limit is 32 MiB for a file, printed as a ratio, too. What is measured is the memory of the process, every few
milliseconds, against what it had after smaller files; the files that are kept aside are on disk and not counted.
"""

import asyncio
import json
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import psutil

from lexora_gql.settings import MEBIBYTE
from tests.benchmarks.figures import Limit, all_hold, line
from tests.benchmarks.stand import Stand, open_stand, run
from tests.end_to_end.client import Client

FILE_BYTES = 50 * MEBIBYTE
PIECE_BYTES = 256 * 1024
AT_ONCE = 10
LIMIT_BYTES = 32 * MEBIBYTE
WATCH_SECONDS = 0.005
BOUNDARY = secrets.token_hex(16)
QUERY = (
    "mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {"
    " __typename ... on DocumentAccepted { document { id downloadUrl } } } }"
)


@dataclass(slots=True)
class Watched:
    """The memory of a process, from the beginning of a context to its end."""

    process: psutil.Process
    before: int = 0
    most: int = 0
    seconds: float = 0.0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def growth(self) -> int:
        """By how many bytes it grew at most."""
        return max(0, self.most - self.before)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator["Watched"]:
        """Look at it again and again."""
        self.before = self.most = self.process.memory_info().rss
        task = asyncio.create_task(self._watch())
        started = time.perf_counter()
        try:
            yield self
        finally:
            self.seconds = time.perf_counter() - started
            self._ended.set()
            await task

    async def _watch(self) -> None:
        while not self._ended.is_set():
            self.most = max(self.most, self.process.memory_info().rss)
            await asyncio.sleep(WATCH_SECONDS)


async def body(size: int) -> AsyncIterator[bytes]:
    """Yield a request that uploads one file of so many bytes, which no other file has."""
    head = "Content-Disposition: form-data; name="
    operations = json.dumps({"query": QUERY, "variables": {"input": {"file": None}}})
    yield f'--{BOUNDARY}\r\n{head}"operations"\r\n\r\n{operations}\r\n'.encode()
    yield f'--{BOUNDARY}\r\n{head}"map"\r\n\r\n{{"0": ["variables.input.file"]}}\r\n'.encode()
    yield f'--{BOUNDARY}\r\n{head}"0"; filename="large.txt"\r\n\r\n'.encode()
    own = secrets.token_hex(16).encode()
    yield own
    text = b"A line of text.\n" * (PIECE_BYTES // 16)
    for start in range(len(own), size, PIECE_BYTES):
        yield text[: min(PIECE_BYTES, size - start)]
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


async def upload(client: Client, size: int) -> str:
    """Upload one file and return where it can be had again."""
    headers = {
        **client.headers,
        "GraphQL-Require-Preflight": "1",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    response = await client.http.post(f"{client.address}/graphql", content=body(size), headers=headers)
    result = response.json()["data"]["uploadDocument"]
    assert result["__typename"] == "DocumentAccepted", result
    return str(result["document"]["downloadUrl"])


async def download(client: Client, link: str) -> int:
    """Read a file to its end and return how many bytes it has."""
    async with client.http.stream("GET", link) as response:
        response.raise_for_status()
        return sum([len(piece) async for piece in response.aiter_raw()])


async def measured(stand: Stand, name: str, work: Awaitable[object], *, files: int) -> Watched:
    """Do something, and print by how much the API grew meanwhile."""
    async with Watched(psutil.Process(stand.api.process.pid)).watching() as watched:
        await work
    line(f"{name}: growth", watched.growth / MEBIBYTE, "MiB", f"of {watched.before / MEBIBYTE:.0f} MiB")
    line(f"{name}: rate", files * FILE_BYTES / MEBIBYTE / watched.seconds, "MiB/s")
    return watched


async def benchmark() -> bool:
    """Measure one and ten at a time; return whether the limits are kept."""
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with open_stand() as stand:
        # The worker would read them; here they are only to be taken in.
        stand.worker.signal(signal.SIGSTOP)
        client = stand.client
        client.http = httpx.AsyncClient(timeout=300.0, trust_env=False, limits=limits)
        for _ in range(3):
            await download(client, await upload(client, MEBIBYTE))
        links: list[str] = []

        async def one() -> None:
            links.append(await upload(client, FILE_BYTES))

        async def ten() -> None:
            links.extend(await asyncio.gather(*(upload(client, FILE_BYTES) for _ in range(AT_ONCE))))

        async def ten_back() -> None:
            sizes = await asyncio.gather(*(download(client, link) for link in links[:AT_ONCE]))
            assert set(sizes) == {FILE_BYTES}, sizes

        first = await measured(stand, "one file in", one(), files=1)
        tenfold = await measured(stand, "ten files in at once", ten(), files=AT_ONCE)
        back = await measured(stand, "ten files out at once", ten_back(), files=AT_ONCE)
        stand.worker.signal(signal.SIGCONT)
    return all_hold(
        [
            Limit("one file of 50 MiB in, share of the limit of 32 MiB", first.growth / LIMIT_BYTES, 1.0, "×"),
            Limit("ten at once, growth for each", tenfold.growth / AT_ONCE / LIMIT_BYTES, 1.0, "×"),
            Limit("ten out at once, growth for each", back.growth / AT_ONCE / LIMIT_BYTES, 1.0, "×"),
        ]
    )


if __name__ == "__main__":
    run("memory of uploads and downloads", benchmark)
