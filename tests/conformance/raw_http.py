"""HTTP as bytes, for what no client would send."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

SECONDS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it came.

    Attributes:
        headers: Names in lower case.
    """

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What a GraphQL response says is wrong."""
        errors: list[dict[str, Any]] = json.loads(self.content)["errors"]
        return errors


@dataclass(slots=True)
class Wire:
    """A connection to a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *pieces: bytes) -> None:
        """Send bytes."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def hear(self) -> Answer:
        """Return the next response; its body is as long as its headers say."""
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            content = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, content)

    async def is_closed(self) -> bool:
        """Return whether the server says nothing more and ends the connection."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self.reader.read() == b""
        except ConnectionResetError:
            return True


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    """Connect to a server on this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def post(body: bytes, /, *lines: str, length: int | None = None) -> bytes:
    """Return a request with a body of JSON, where `lines` do not say otherwise."""
    headers = ["POST /graphql HTTP/1.1", "Host: lexora", *lines]
    if not any(line.lower().startswith("content-type") for line in lines):
        headers.append("Content-Type: application/json")
    if not any(line.lower().startswith("transfer-encoding") for line in lines):
        headers.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*headers, "", ""]).encode("latin-1") + body
