"""A server that speaks S3's protocol, in an environment of its own: it wants older libraries than ours."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.conformance.python_environment import environment_of
from tests.shared_data import PROJECT

LOCK = PROJECT / "ops" / "requirements-s3.lock"
START_SECONDS = 60.0
RUNNING = re.compile(rb"Running on (http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server, empty at its start.

    Attributes:
        address: Such as http://127.0.0.1:5000.
    """

    process: asyncio.subprocess.Process
    address: str

    @property
    def environment(self) -> dict[str, str]:
        """How a process finds it, in the words of the vendor's own tools."""
        return {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.address,
        }

    async def make_bucket(self, name: str) -> None:
        """Make a bucket."""
        await self._ask("PUT", f"/{name}")

    async def unfinished_uploads(self, bucket: str) -> list[str]:
        """Return the keys of multipart uploads that were begun and neither completed nor aborted."""
        return re.findall(r"<Upload>.*?<Key>(.*?)</Key>", await self._ask("GET", f"/{bucket}?uploads"), re.DOTALL)

    async def _ask(self, method: str, path: str) -> str:
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            response = await client.request(method, path)
            response.raise_for_status()
            return response.text


@asynccontextmanager
async def s3_server() -> AsyncIterator[S3Server]:
    """Run a server on a free port.

    The test is skipped where its packages cannot be had, and fails there where CI is set.
    """
    commands = await asyncio.to_thread(environment_of, LOCK)
    process = await asyncio.create_subprocess_exec(
        commands / "moto_server", "-H", "127.0.0.1", "-p", "0", stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            said = b""
            while (found := RUNNING.search(said)) is None:
                line = await process.stderr.readline()
                assert line, said.decode(errors="replace")
                said += line
        # It tells of every request, and stops when nobody reads that.
        reading = asyncio.create_task(_drained(process.stderr))
        yield S3Server(process, found[1].decode())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    await reading


async def _drained(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass
