"""A model provider in a process of its own that keeps to the clock: each token leaves when it is due.

    python -m tests.benchmarks.paced_provider PORT

The question says how many tokens, and how many a second: "… (200 tokens, 50 a second)". A token is the time at which
it left, so that a reader knows how late it is. What pauses between tokens by sleeping would fall behind by itself.
"""

import asyncio
import json
import re
import sys
import time

PACE = re.compile(rb"\((\d+) tokens, (\d+) a second\)")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
BODY = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TOKEN = re.compile(r"at(\d+)\.")


def seconds_of(token: str) -> float:
    """Return when a token left, by the clock of `time.monotonic`, which all processes of a machine share."""
    return int(token) / 1_000_000


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request after another on a connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = BODY.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            paces = PACE.findall(body)
            await _tell(writer, *map(int, paces[-1] if paces else (1, 1_000)))
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def _tell(writer: asyncio.StreamWriter, tokens: int, a_second: int) -> None:
    writer.write(HEAD)
    started = time.monotonic()
    for number in range(tokens):
        await asyncio.sleep(max(0.0, started + number / a_second - time.monotonic()))
        _send(writer, {"content": f"at{int(time.monotonic() * 1_000_000)}. "}, None)
    _send(writer, {}, "stop")
    _chunk(writer, b"data: [DONE]\n\n")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _send(writer: asyncio.StreamWriter, delta: dict[str, str], finish_reason: str | None) -> None:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    event = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "test-model", "choices": [choice]}
    _chunk(writer, f"data: {json.dumps(event)}\n\n".encode())


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=256)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
