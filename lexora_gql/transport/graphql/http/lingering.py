"""A response to a request whose body is not wanted, after which the connection ends.

A connection that is closed while bytes are on their way is reset, and the client never sees why. So what still comes is
thrown away, for a while.

Source:
    RFC 9112, section 9.6; times as nginx has them in `lingering_close`.
"""

import asyncio
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

LINGERING_SECONDS = 30.0
SILENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LingeringResponse:
    """An ASGI response; its headers must say `Connection: close`."""

    response: Response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, and end it once the client has seen it, or does not end."""

        async def send_but_the_end(message: Message) -> None:
            await send(message if message["type"] == "http.response.start" else {**message, "more_body": True})

        await self.response(scope, receive, send_but_the_end)
        # Who waits for leave to send a body learns that there is none, and sends nothing.
        if not any(name == b"expect" for name, _ in scope["headers"]):
            await _throw_away(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _throw_away(receive: Receive) -> None:
    try:
        async with asyncio.timeout(LINGERING_SECONDS):
            while True:
                message = await asyncio.wait_for(receive(), SILENCE_SECONDS)
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
