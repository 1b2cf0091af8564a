"""Bodies on their way in: what the headers say of them, checked before they are read, and how long they may take."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.requests import Request

from lexora_gql.transport.graphql.refusals import BodyTooLarge, TooSlow, UnsupportedMediaType

JSON = "application/json"
MULTIPART = "multipart/form-data"
UTF_8 = frozenset({"utf-8", "utf8"})
SILENCE_SECONDS = 30.0


def body_type(headers: Headers) -> str:
    """Return the type of a body that is read here.

    Raises:
        UnsupportedMediaType: It is another, compressed, or not in UTF-8.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity"}:
        message = "The body must not be compressed."
        raise UnsupportedMediaType(message, headers={"Accept-Encoding": "identity"})
    kind, parameters = parse_options_header(headers.get("content-type", ""))
    name = kind.decode("latin-1")
    if name not in {JSON, MULTIPART}:
        message = f"The body must be {JSON} or {MULTIPART}."
        raise UnsupportedMediaType(message, headers={"Accept-Post": f"{JSON}, {MULTIPART}"})
    charset = parameters.get(b"charset", b"utf-8").decode("latin-1").lower()
    if name == JSON and charset not in UTF_8:
        message = "The body must be in UTF-8."
        raise UnsupportedMediaType(message)
    return name


def require_length(headers: Headers, most_bytes: int) -> None:
    """Check that a body does not announce more bytes than are taken.

    Raises:
        BodyTooLarge: It does; it may still turn out to be too large where it announces nothing.
    """
    if int(headers.get("content-length", "0")) > most_bytes:
        message = f"The body is larger than {most_bytes:,} bytes."
        raise BodyTooLarge(message)


async def pieces_of(request: Request) -> AsyncGenerator[bytes, None]:
    """Yield a body as it comes.

    Raises:
        ClientDisconnect: The client is gone.
        TooSlow: It has said nothing for 30 seconds.
    """
    async with aclosing(request.stream()) as stream:
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    piece = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                message = f"Nothing of the body has come for {SILENCE_SECONDS:.0f} seconds."
                raise TooSlow(message) from None
            yield piece
