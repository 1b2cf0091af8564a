"""One search after another from a process of its own, so that nothing else this client does counts as waiting.

The parent writes the address and the token to its standard input, then a byte for each thing to do:

    o   one search; its milliseconds are written as a line of JSON
    g   go on searching until the next byte comes; their milliseconds are written as a line of JSON

The end of the input ends it.
"""

import asyncio
import http.client
import json
import os
import select
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from graphql import print_ast

from lexora_gql.terminal.operations import operation
from tests.end_to_end.client import Client
from tests.shared_data import PROJECT

QUESTION = "How is safe drinking water ensured?"
PAUSE_SECONDS = 0.05
LINE_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Searcher:
    """The process, seen from outside."""

    process: asyncio.subprocess.Process

    async def one(self) -> float:
        """Search once; return the milliseconds."""
        self.say("o")
        [milliseconds] = await self.heard()
        return milliseconds

    def go(self) -> None:
        """Search on and on."""
        self.say("g")

    async def halt(self) -> list[float]:
        """Stop searching; return the milliseconds of each search since `go`."""
        self.say(".")
        return await self.heard()

    def say(self, text: str) -> None:
        """Write to the process."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())

    async def heard(self) -> list[float]:
        """Return the next line of the process."""
        assert self.process.stdout is not None
        return [float(value) for value in json.loads(await self.process.stdout.readline())]


@asynccontextmanager
async def searching(client: Client) -> AsyncIterator[Searcher]:
    """Give a process that searches as the same person at the same server."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        cwd=PROJECT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES_MAX,
    )
    searcher = Searcher(process)
    searcher.say(json.dumps({"address": client.address, "token": client.token}) + "\n")
    try:
        yield searcher
    finally:
        process.kill()
        await process.wait()


class Connection:
    """One kept connection that searches; blocking, and next to nothing itself."""

    def __init__(self, address: str, token: str | None) -> None:
        self._http = http.client.HTTPConnection(address.partition("://")[2], timeout=120)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self._query = print_ast(operation("Search"))

    def search(self, question: str, *, first: int = 5, collection: str | None = None) -> dict[str, object]:
        """Return the result; asks again when told to while a collection is being loaded, another error is a failure."""
        scope = None if collection is None else {"collectionIds": [collection]}
        body = json.dumps({"query": self._query, "variables": {"query": question, "first": first, "scope": scope}})
        while True:
            self._http.request("POST", "/graphql", body, self._headers)
            answer = json.loads(self._http.getresponse().read())
            if "errors" not in answer:
                return dict(answer["data"]["search"])
            [error] = answer["errors"]
            assert error["extensions"]["code"] == "INDEX_LOADING", error
            time.sleep(error["extensions"]["retryAfterSeconds"])

    def timed(self, question: str, *, collection: str | None = None) -> float:
        """Search; return the milliseconds."""
        started = time.perf_counter()
        self.search(question, collection=collection)
        return (time.perf_counter() - started) * 1_000


def main() -> None:
    """Do as standard input says, until it ends."""
    given = json.loads(_line())
    connection = Connection(given["address"], given["token"])
    while command := os.read(0, 1):
        found = [connection.timed(QUESTION)]
        while command == b"g" and not select.select([0], [], [], PAUSE_SECONDS)[0]:
            found.append(connection.timed(QUESTION))
        if command == b"g":
            os.read(0, 1)
        print(json.dumps(found), flush=True)


def _line() -> bytes:
    # Byte by byte: what a buffer had read ahead, `select` would not see.
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1)
    return line


if __name__ == "__main__":
    main()
