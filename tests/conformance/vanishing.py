"""Clients that vanish: over WebSocket and streams, at any moment, with or without the line being cut."""

import asyncio
import json
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from websockets.frames import Frame, Opcode

SECONDS = 20.0
HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nHost: lexora\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    "Sec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\n\r\n"
)
STREAMS = ("text/event-stream", 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0')
# Closing with no time to linger cuts the line: the other side is told nothing but that.
AT_ONCE = struct.pack("ii", 1, 0)
Json = dict[str, Any]


@dataclass(slots=True)
class Line:
    """A connection, byte by byte.

    Attributes:
        heard: All that has come so far.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: bytes = b""

    @classmethod
    async def open(cls, port: int) -> "Line":
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def write(self, text: str) -> None:
        """Send text as it is."""
        self.writer.write(text.encode())

    def say(self, kind: str, **content: object) -> None:
        """Send a message over a WebSocket."""
        text = json.dumps({"type": kind} | content).encode()
        self.writer.write(Frame(Opcode.TEXT, text).serialize(mask=True))

    def post(self, body: Json, token: str, accept: str) -> None:
        """Send an operation over HTTP."""
        content = json.dumps(body)
        self.write(
            f"POST /graphql HTTP/1.1\r\nHost: lexora\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}"
        )

    async def hear(self, what: bytes, times: int = 1) -> None:
        """Wait until something was said so often, or the server has ended the connection."""
        async with asyncio.timeout(SECONDS):
            while self.heard.count(what) < times and (more := await self.reader.read(65_536)):
                self.heard += more

    async def vanish(self, chance: random.Random) -> None:
        """Be gone: the line is cut, or closed without a word, or with one that waits for no answer."""
        way = chance.choice(("cut", "close", "goodbye"))
        if way == "goodbye":
            self.writer.write(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
        if way == "cut":
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self.writer.transport.abort()
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is going to vanish.

    Attributes:
        followed: Subscriptions that have something to say at once and do not end soon.
        asked: A query.
    """

    token: str
    followed: list[Json]
    asked: Json


async def half_a_handshake(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish before it is a WebSocket."""
    line.write(HANDSHAKE[: chance.randrange(len(HANDSHAKE))])


async def no_greeting(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish at once, or before anything was said."""
    line.write(HANDSHAKE)
    if chance.random() < 0.5:
        await line.hear(b"\r\n\r\n")


async def a_greeting(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish while the greeting is heard, or after it."""
    line.write(HANDSHAKE)
    await line.hear(b"\r\n\r\n")
    line.say("connection_init", payload={"Authorization": f"Bearer {visitor.token}"})
    if chance.random() < 0.7:
        await line.hear(b"connection_ack")


async def _greeted(line: Line, visitor: Visitor) -> None:
    line.write(HANDSHAKE)
    await line.hear(b"\r\n\r\n")
    line.say("connection_init", payload={"Authorization": f"Bearer {visitor.token}"})
    await line.hear(b"connection_ack")


async def subscriptions(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish with 1 to 20 subscriptions that begin, or that have been heard of."""
    await _greeted(line, visitor)
    number = chance.choices((1, 2, 5, 20), weights=(80, 12, 6, 2))[0]
    for at in range(number):
        line.say("subscribe", id=str(at), payload=chance.choice(visitor.followed))
    await line.hear(b'"next"', chance.choice((0, 1, number)))
    if chance.random() < 0.3:
        line.say("complete", id="0")


async def queries(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish while queries are being answered."""
    await _greeted(line, visitor)
    for at in range(chance.choice((1, 5))):
        line.say("subscribe", id=str(at), payload=visitor.asked)
    await line.hear(b'"complete"', chance.choice((0, 1)))


async def half_a_frame(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish in the middle of a message."""
    await _greeted(line, visitor)
    frame = Frame(Opcode.TEXT, json.dumps(visitor.asked).encode()).serialize(mask=True)
    line.writer.write(frame[: chance.randrange(1, len(frame))])


async def stream(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish while a stream begins, or from the middle of it."""
    line.post(chance.choice(visitor.followed), visitor.token, chance.choice(STREAMS))
    await line.hear(b'"data"', chance.choice((0, 1, 1)))


async def half_a_request(line: Line, visitor: Visitor, chance: random.Random) -> None:
    """Vanish before a request is whole."""
    line.write(f"POST /graphql HTTP/1.1\r\nHost: lexora\r\nAccept: {STREAMS[0]}\r\nContent-Length: 99\r\n\r\n{{")


Way = Callable[[Line, Visitor, random.Random], Awaitable[None]]
WAYS: dict[Way, int] = {
    half_a_handshake: 1,
    no_greeting: 2,
    a_greeting: 2,
    half_a_frame: 1,
    half_a_request: 1,
    subscriptions: 8,
    queries: 2,
    stream: 4,
}


async def visit(port: int, visitor: Visitor, chance: random.Random) -> str:
    """Come, do something and vanish; return what was done."""
    way = chance.choices(list(WAYS), weights=list(WAYS.values()))[0]
    line = await Line.open(port)
    with suppress(OSError):
        await way(line, visitor, chance)
    await line.vanish(chance)
    return way.__name__
