"""Three ways to follow an answer; leaving one cuts the line, as a lost network does, without a word of farewell."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import httpx
import websockets
from graphql import print_ast

from lexora_gql.terminal.operations import operation
from tests.end_to_end.client import Client, Failed, Json

EVENTS = "text/event-stream"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
ANSWER = print_ast(operation("Answer"))

Way = Callable[[Client, str, str | None], AbstractAsyncContextManager[AsyncIterator[Json]]]
"""From a person at a server, an answer and a cursor to the events after it; they end when the server has completed."""


@asynccontextmanager
async def by_socket(client: Client, answer: str, after: str | None) -> AsyncIterator[AsyncIterator[Json]]:
    """Follow over graphql-transport-ws."""
    async with client.socket() as socket:
        try:
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": _request(answer, after)}))
            yield _of_frames(socket)
        finally:
            socket.transport.abort()


@asynccontextmanager
async def by_stream(accept: str, client: Client, answer: str, after: str | None) -> AsyncIterator[AsyncIterator[Json]]:
    """Follow over HTTP, as events or as parts."""
    headers = {**client.headers, "Accept": accept}
    sending = client.http.stream("POST", f"{client.address}/graphql", json=_request(answer, after), headers=headers)
    async with sending as response:
        if not response.headers["content-type"].startswith(accept.partition(";")[0]):
            raise Failed((await response.aread()).decode())
        yield (_of_events if accept == EVENTS else _of_parts)(response)


WAYS: dict[str, Way] = {
    "graphql-transport-ws": by_socket,
    "SSE": partial(by_stream, EVENTS),
    "multipart HTTP": partial(by_stream, PARTS),
}


def _request(answer: str, after: str | None) -> Json:
    return {"query": ANSWER, "variables": {"messageId": answer, "after": after}}


async def _of_frames(socket: websockets.ClientConnection) -> AsyncIterator[Json]:
    async for frame in socket:
        message = json.loads(frame)
        match message["type"]:
            case "next":
                yield _event(message["payload"])
            case "complete":
                return
            case "ping":
                await socket.send(json.dumps({"type": "pong"}))
            case _:
                raise Failed(message)
    raise _cut()


async def _of_events(response: httpx.Response) -> AsyncIterator[Json]:
    async for line in _lines(response):
        if line.startswith("data: "):
            yield _event(json.loads(line.removeprefix("data: ")))
        elif line == "event: complete":
            return
    raise _cut()


async def _of_parts(response: httpx.Response) -> AsyncIterator[Json]:
    async for line in _lines(response):
        if line.startswith('{"'):
            part = json.loads(line)
            if part["payload"] is None:
                raise Failed(part)
            yield _event(part["payload"])
        elif line == "--graphql--":
            return
    raise _cut()


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Yield lines; those of httpx also end where a text has a line separator of Unicode's."""
    rest = b""
    async for data in response.aiter_bytes():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode().removesuffix("\r")


def _event(body: Json) -> Json:
    if body.get("errors"):
        raise Failed(body["errors"])
    return dict(body["data"]["answer"])


def _cut() -> Failed:
    return Failed("The server cut the line.")
