"""Original files, by signed link; access is checked again at each use."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.service import StoredFile
from lexora_gql.errors import NotFound, Unavailable
from lexora_gql.transport.graphql.context import Environment

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Should a browser show it all the same, it runs nothing and loads nothing.
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
RANGE_CHARACTERS_MAX = 100
HTML, PLAIN_TEXT = "text/html", "text/plain"


@dataclass(frozen=True, slots=True)
class Downloads:
    """The ASGI application at /files/{token}."""

    environment: Environment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        link = self.environment.links.read(request.path_params["token"])
        try:
            documents = self.environment.services.documents
            file = await documents.open_file(Viewer(link[0]), link[1]) if link is not None else None
            if file is not None:
                return await _file_response(file, request)
        except Unavailable as error:
            return PlainTextResponse(error.message, 503, HEADERS | {"Retry-After": "2"})
        except NotFound:
            pass
        # Forged, expired, somebody else's, deleted: whoever asks is not told which.
        return PlainTextResponse("There is no such file, or the link is too old.", 404, HEADERS)


class _Stream(StreamingResponse):
    """Bytes as they are read; whatever ends it, the file is let go of."""

    def __init__(
        self, first: bytes, pieces: AsyncGenerator[bytes, None], status: int, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(self._begun(first), status, headers, media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        async with aclosing(self._pieces):
            await super().__call__(scope, receive, send)

    async def _begun(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        async for piece in self._pieces:
            yield piece


async def _file_response(file: StoredFile, request: Request) -> Response:
    etag = f'"{file.sha256.hex()}"'
    headers = HEADERS | {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(file.filename),
    }
    wanted = request.headers.get("range") if request.method == "GET" else None
    if wanted is not None and request.headers.get("if-range", etag) != etag:
        wanted = None
    span = parse_range(wanted, file.byte_size) if wanted is not None else None
    if span is Unsatisfiable:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{file.byte_size}"})
    start, end = span if isinstance(span, tuple) else (0, file.byte_size)
    if isinstance(span, tuple):
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.byte_size}"
    headers["Content-Length"] = str(end - start)
    status = 206 if isinstance(span, tuple) else 200
    # A page that somebody uploaded is never one of ours.
    media_type = PLAIN_TEXT if file.media_type == HTML else file.media_type
    if request.method == "HEAD":
        return Response(None, status, headers, media_type)
    pieces = file.read(start, end)
    # Before the status is said: it is the last moment to say that there is nothing, or no way to it.
    first = await anext(pieces, b"")
    return _Stream(first, pieces, status, headers, media_type)


class Unsatisfiable:
    """A range that begins beyond the file's end."""


def parse_range(header: str, byte_size: int) -> tuple[int, int] | type[Unsatisfiable] | None:
    """Return the bytes that a Range header asks for, from a start to just before an end.

    Returns:
        None where the header is to be ignored: malformed, or of several ranges.
    """
    match = _RANGE.fullmatch(header.strip().lower()) if len(header) <= RANGE_CHARACTERS_MAX else None
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first == "":
        start, end = max(0, byte_size - int(last)), byte_size
    else:
        start, end = int(first), min(byte_size, int(last) + 1 if last else byte_size)
        if last and int(last) < start:
            return None
    return (start, end) if start < end else Unsatisfiable


def disposition(filename: str) -> str:
    """Return a Content-Disposition that saves under this name: in ASCII for old clients, and as RFC 5987 has it."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%;]', "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
