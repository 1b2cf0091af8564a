"""HTTP/1.1 with an end to what comes before a body: uvicorn reads it without one, and waits for it forever."""

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES_MAX = 64 * 1024
"""Of the address and the headers of a request; tokens, cursors and documents in addresses have room in it."""
HEAD_SECONDS = 30.0
TIMED_OUT, ADDRESS_TOO_LONG, HEADERS_TOO_LARGE = 408, 414, 431


class BoundedHeads(HttpToolsProtocol):
    """One connection."""

    url = b""
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; refuse a head that has not ended by now."""
        super().data_received(data)
        if self._deadline is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            is_address = len(self.url) > HEAD_BYTES_MAX // 2
            what = "address is" if is_address else "headers are"
            message = f"The {what} larger than {HEAD_BYTES_MAX:,} bytes."
            self._refuse(ADDRESS_TOO_LONG if is_address else HEADERS_TOO_LARGE, message)

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._end_head()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._end_head()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._time_out)

    def _end_head(self) -> None:
        self._head_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    @property
    def _is_answering(self) -> bool:
        # There is none before the first request, whatever uvicorn's types say.
        return bool(self.cycle) and not self.cycle.response_complete

    def _time_out(self) -> None:
        if self._is_answering:
            # Nothing is read of a request while others wait before it.
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._time_out)
            return
        self._refuse(TIMED_OUT, f"The headers have not come within {HEAD_SECONDS:.0f} seconds.")

    def _refuse(self, status: int, message: str) -> None:
        self._end_head()
        if self.transport.is_closing():
            return
        if self._is_answering:
            # Whatever is said now would stand in the middle of another answer.
            self.transport.abort()
            return
        body = json.dumps({"errors": [{"message": message, "extensions": {"code": "BAD_REQUEST"}}]}).encode()
        headers = f"content-type: application/json; charset=utf-8\r\ncontent-length: {len(body)}\r\nconnection: close"
        self.transport.write(STATUS_LINE[status] + headers.encode() + b"\r\n\r\n" + body)
        self.transport.close()
