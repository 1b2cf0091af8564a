"""GraphQL over HTTP and WebSocket with one server; what vendors raise becomes one clear line."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from gql import GraphQLRequest
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lexora_gql.terminal.errors import USAGE, CannotGoOn, Dropped, Refused, Unreachable
from lexora_gql.terminal.operations import operation
from lexora_gql.terminal.plain_text import one_line

PROTOCOL = "graphql-transport-ws"
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
# Connect, read, write, wait for a connection of the pool. The answer to an upload may take a slow disk's time.
TIMEOUTS_SECONDS = (10.0, 120.0, 60.0, None)
FRAME_BYTES_MAX = 16 * 1024 * 1024
TOO_LARGE = 413


class Endpoint:
    """One server; knows no credentials but those given with a call."""

    def __init__(self, url: str) -> None:
        """Take an address; nothing is sent yet.

        Raises:
            CannotGoOn: It is no address of HTTP.
        """
        self.url = url.rstrip("/").removesuffix("/graphql")
        try:
            parts = urlsplit(self.url)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise CannotGoOn(
                f"{one_line(url)} is no address; it must read like http://127.0.0.1:8000.", exit_code=USAGE
            )
        self.is_local = parts.hostname in LOCAL_HOSTS
        self._http = HTTPXAsyncTransport(
            f"{self.url}/graphql",
            timeout=TIMEOUTS_SECONDS,
            # A proxy for the way out of a house is none for the way to one's own machine.
            trust_env=not self.is_local,
            headers={"GraphQL-Require-Preflight": "1", "User-Agent": "lexora"},
        )

    async def __aenter__(self) -> Self:
        await self._http.connect()  # type: ignore[no-untyped-call]  # gql's own annotation is missing
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()  # type: ignore[no-untyped-call]  # as above

    async def execute(
        self, name: str, variables: Mapping[str, Any], *, token: str | None = None, has_file: bool = False
    ) -> dict[str, Any]:
        """Run a query or a mutation and return its data.

        Args:
            name: Of an operation in schema/operations.
            variables: A `FileVar` in them is sent as the multipart request specification says.
            token: An access token or an API key.
            has_file: Whether there is one.

        Raises:
            Refused: A top-level error.
            Unreachable: No server answers, or not as one.
        """
        request = GraphQLRequest(operation(name), variable_values=dict(variables))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            result = await self._http.execute(request, extra_args={"headers": headers}, upload_files=has_file)
        except TransportConnectionFailed as error:
            raise self._unreachable(error) from None
        except TransportServerError as error:
            reason = "that is more than it takes at once" if error.code == TOO_LARGE else "not as a Lexora server does"
            raise Unreachable(f"{self.url} answers with HTTP {error.code}; {reason}.") from None
        except TransportProtocolError:
            raise Unreachable(f"{self.url} answers, but not as a Lexora server does.") from None
        if result.errors:
            raise refusal(result.errors)
        return result.data or {}

    async def events(
        self, name: str, variables: Mapping[str, Any], *, token: str | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Follow a subscription until it ends; each item is its data.

        Raises:
            Refused: The subscription was refused, or ended by an error.
            Dropped: The socket broke, or could not be opened.
        """
        transport = WebsocketsTransport(
            f"ws{self.url.removeprefix('http')}/graphql",
            init_payload={"Authorization": f"Bearer {token}"} if token else {},
            subprotocols=[PROTOCOL],
            close_timeout=2,
            connect_args={"max_size": FRAME_BYTES_MAX} | ({"proxy": None} if self.is_local else {}),
        )
        request = GraphQLRequest(operation(name), variable_values=dict(variables))
        try:
            await transport.connect()
            _end_if_cancelled()
            async with aclosing(transport.subscribe(request)) as results:
                async for result in results:
                    if result.errors:
                        raise refusal(result.errors)
                    yield result.data or {}
        except TransportQueryError as error:
            raise refusal(error.errors or []) from None
        except (TransportError, TimeoutError) as error:
            raise _dropped(error) from None
        finally:
            await transport.close()
            _end_if_cancelled()

    def _unreachable(self, error: TransportConnectionFailed) -> Unreachable:
        cause = error.__cause__
        reason = one_line(str(cause or error)) or type(cause).__name__
        advice = " `lexora up` starts one." if self.is_local else ""
        if type(cause).__name__ in {"ConnectError", "ConnectTimeout"}:
            return Unreachable(f"No server answers at {self.url} ({reason}).{advice}")
        return Unreachable(f"The connection to {self.url} broke ({reason}).")


def refusal(errors: Sequence[Any]) -> Refused:
    """Return the first top-level error as an exception."""
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    extensions = first.get("extensions") or {}
    line = one_line(str(first.get("message") or "The server ended the request with an error."))
    if error_id := extensions.get("errorId"):
        line = f"{line} (in the server's log: {one_line(str(error_id))})"
    return Refused(line, code=str(extensions.get("code", "")), retry_after_seconds=extensions.get("retryAfterSeconds"))


def _end_if_cancelled() -> None:
    """Raise what gql may have swallowed.

    Its farewell to the server fails where the socket has just broken, and that error takes the cancellation's place;
    `asyncio.wait_for`, by which it connects and closes, loses one that comes at the very end (until Python 3.12).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _dropped(error: BaseException) -> Dropped:
    cause = error.__cause__ or error
    if isinstance(cause, ConnectionClosed) and cause.rcvd is not None:
        return Dropped(one_line(cause.rcvd.reason) or f"closed with {cause.rcvd.code}", close_code=cause.rcvd.code)
    if isinstance(cause, InvalidStatus):
        return Dropped(f"HTTP {cause.response.status_code} instead of a WebSocket")
    return Dropped(one_line(str(cause)) or type(cause).__name__)
