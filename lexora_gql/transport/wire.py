"""Connections as bytes come and go: uvicorn's protocols, without what hostile clients could make of them."""

import asyncio
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from lexora_gql.transport.heads import BoundedHeads

HANGING_UP = "hang_up"
CLOSE_SECONDS = 5.0
"""Until a client has read what was said last, and has closed the connection in its turn."""
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def hang_up(scope: Scope, receive: Receive) -> None:
    """End the connection of a request, and drop what its client has not read."""
    abort = scope.get("state", {}).get(HANGING_UP)
    # Only a connection of ours knows how; under another server it ends when that sees fit.
    if abort is not None:
        abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class Connection(BoundedHeads):
    """A connection that applications may end without waiting for its client: see `hang_up`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin."""
        super().connection_made(transport)
        self.app_state = self.app_state | {HANGING_UP: transport.abort}


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket that ends in time, whatever its client sends or does not read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own
        super().__init__(*args, **kwargs)
        self.close_timeout = CLOSE_SECONDS
        self._end: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Let everything go."""
        super().connection_lost(exc)
        if self._end is not None:
            self._end.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what comes."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # Lines that HTTP takes may be too long for a handshake; nobody else would answer.
            self.transport.write(TOO_LARGE)
            self.transport.close()

    async def run_asgi(self) -> None:
        """Serve the socket; what was said last has to be read within `close_timeout` seconds."""
        await super().run_asgi()
        # Closing a transport waits until its client has read everything, which may be never.
        self._end = self.loop.call_later(self.close_timeout, self.transport.abort)

    def handle_cont(self, event: Frame) -> None:
        """Take a part of a message; parts without content are not counted by its limit, and never kept."""
        if event.data or event.fin:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a ping, unless its client reads nothing: answers would fill the memory."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; uvicorn would log a stranger's bytes that are no text as an error of ours."""
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.frames = []
            if not self.close_sent:
                self.conn.send_close(CloseCode.INVALID_DATA, "Frames must be UTF-8.")
                self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Close with the code that the parser has chosen."""
        if self.close_sent:
            # The rest of what was refused; reading it lets the client see why.
            return
        self.close_sent = True
        # Nothing can be sent any more: for those who serve the socket it is lost.
        self.disconnected = True
        close = self.conn.close_sent
        code = close.code if close else CloseCode.ABNORMAL_CLOSURE
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": close.reason if close else ""})
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.transport.can_write_eof():
            self.transport.write_eof()
            if self.read_paused:
                self.transport.resume_reading()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
        else:
            self.transport.close()

    def keepalive_timeout(self) -> None:
        """Let a client go that does not answer: without a code, for it is not there, and may come back."""
        self.disconnected = True
        self.transport.abort()
