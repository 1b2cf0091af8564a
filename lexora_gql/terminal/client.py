"""A signed-in client: waits when it is told to, renews its token, and finds its way back into a broken stream."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from lexora_gql.terminal.credentials import Credentials
from lexora_gql.terminal.endpoint import Endpoint
from lexora_gql.terminal.errors import Dropped, Refused, Unreachable

# How long a server may be away, or ask us to wait, before we give up.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS_MIN = 0.1
PAUSE_SECONDS_MAX = 3.0
UNAUTHENTICATED = "UNAUTHENTICATED"
RETRYABLE = frozenset({"THROTTLED", "UNAVAILABLE", "INDEX_LOADING"})

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody at a server.

    Attributes:
        patience_seconds: See `PATIENCE_SECONDS`.
        on_pause: Called when a stream has broken and is about to be taken up again.
    """

    endpoint: Endpoint
    credentials: Credentials
    patience_seconds: float = PATIENCE_SECONDS
    on_pause: Callable[[], None] = lambda: None

    async def execute(self, name: str, make_variables: Variables | Callable[[], Variables]) -> dict[str, Any]:
        """Run a query or a mutation.

        Args:
            name: Of an operation in schema/operations.
            make_variables: The variables, or what makes them anew for each attempt: a file is read once only.

        Raises:
            Refused: For good, or for longer than we have patience.
            Unreachable: No server answers.
        """
        is_upload = callable(make_variables)
        attempts = _Attempts(self)
        while True:
            variables = make_variables() if callable(make_variables) else make_variables
            try:
                return await self.endpoint.execute(
                    name, variables, token=await self.credentials.token(), has_file=is_upload
                )
            except Refused as refused:
                await attempts.after(refused)

    async def follow(
        self, name: str, field: str, variables: Variables, *, after: str | None = None, is_endless: bool = False
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Follow a subscription, from the last cursor on whenever the socket drops.

        Args:
            name: Of an operation in schema/operations.
            field: The subscription's.
            variables: Without `after`.
            after: The cursor to begin at.
            is_endless: Whether the server's end of the stream is a drop like any other.

        Raises:
            Refused: The subscription is refused for good.
            Unreachable: The server was away for longer than we have patience.
        """
        cursor, attempts = after, _Attempts(self)
        while True:
            try:
                events = self.endpoint.events(
                    name, {**variables, "after": cursor}, token=await self.credentials.token()
                )
                async with aclosing(events):
                    async for data in events:
                        event = data[field]
                        cursor, attempts = event["cursor"], _Attempts(self)
                        yield event
                if not is_endless:
                    return
                await attempts.after(Dropped("the stream ended"))
            except (Refused, Dropped, Unreachable) as error:
                await attempts.after(error)


class _Attempts:
    """What to do after one failure after the other."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._began = time.monotonic()
        self._pause_seconds = PAUSE_SECONDS_MIN
        self._is_renewed = False

    async def after(self, error: Refused | Dropped | Unreachable) -> None:
        """Wait or renew, so that it is worth trying again; raise what cannot be helped."""
        if self._is_about_the_token(error) and not self._is_renewed and await self._client.credentials.renew():
            self._is_renewed = True
            return
        wait = self._wait_seconds(error)
        if wait is None or time.monotonic() + wait - self._began > self._client.patience_seconds:
            raise self._final(error)
        if not isinstance(error, Refused):
            self._client.on_pause()
        await asyncio.sleep(wait)

    def _wait_seconds(self, error: Refused | Dropped | Unreachable) -> float | None:
        if isinstance(error, Refused):
            return (error.retry_after_seconds or 1.0) if error.code in RETRYABLE else None
        if self._is_about_the_token(error):
            return None
        self._pause_seconds = min(self._pause_seconds * 2, PAUSE_SECONDS_MAX)
        return self._pause_seconds

    def _is_about_the_token(self, error: Exception) -> bool:
        if isinstance(error, Refused):
            return error.code == UNAUTHENTICATED
        return isinstance(error, Dropped) and error.needs_a_new_token

    def _final(self, error: Refused | Dropped | Unreachable) -> Refused | Unreachable:
        if not isinstance(error, Dropped):
            return error
        if self._is_about_the_token(error):
            return Refused(f"The server does not take the token: {error}.", code=UNAUTHENTICATED)
        return Unreachable(f"The stream of {self._client.endpoint.url} cannot be followed ({error}).")
