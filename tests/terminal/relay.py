"""A TCP relay between a client and a server, whose connections a test can cut."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

PIECE_BYTES = 65_536
# Compressed frames could not be looked into.
COMPRESSION, NOTHING = b"Sec-WebSocket-Extensions:", b"X-Not-Asked-For:"


@dataclass
class Relay:
    """Passes bytes on until it is told to cut.

    Attributes:
        sockets_cut: How many WebSockets have been cut so far.
        cut_after: Text from the server after which a WebSocket is cut; the text itself still arrives.
        cuts_left: How often that happens.
    """

    target: str
    cut_after: bytes = b""
    cuts_left: int = 0
    sockets_cut: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        # Cancelling the tasks would be logged as an error of the callback that they are.
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._open)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        parts = urlsplit(self.target)
        upstream_reader, upstream_writer = await asyncio.open_connection(parts.hostname, parts.port)
        self._writers |= {writer, upstream_writer}
        up = asyncio.create_task(self._pass_on(reader, upstream_writer, may_cut=False))
        down = asyncio.create_task(self._pass_on(upstream_reader, writer, may_cut=True))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (up, down):
                each.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            for side in (writer, upstream_writer):
                side.transport.abort()
                self._writers.discard(side)
            self._open.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, may_cut: bool) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE_BYTES):
                writer.write(piece.replace(COMPRESSION, NOTHING))
                await writer.drain()
                if may_cut and self.cuts_left and self.cut_after in piece:
                    self.cuts_left -= 1
                    self.sockets_cut += 1
                    return
