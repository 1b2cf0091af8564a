"""How results of a stream are written, one way per kind of stream."""

from typing import Any, Protocol

from lexora_gql.transport.graphql.execution.outcomes import Outcome, to_json
from lexora_gql.transport.graphql.http.negotiation import StreamKind


class Framing(Protocol):
    """Writes the pieces of a stream."""

    media_type: str
    opening: bytes
    heartbeat: bytes
    ending: bytes

    def result(self, outcome: Outcome, cursor: str | None) -> bytes:
        """Return a result; `cursor` is where a client goes on that has lost the connection after it."""
        ...

    def errors(self, errors: list[dict[str, Any]]) -> bytes:
        """Return errors after which nothing more comes but the ending."""
        ...


class EventFraming:
    """Server-sent events, as graphql-sse has them in distinct connections mode. Lines end with LF alone.

    Source:
        https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
        https://html.spec.whatwg.org/multipage/server-sent-events.html
    """

    media_type = "text/event-stream; charset=utf-8"
    # A comment makes proxies pass the headers on.
    opening = b":\n\n"
    heartbeat = b":\n\n"
    # A browser's EventSource drops an event without data; urql takes a blank after the colon for the data.
    ending = b"event: complete\ndata:\n\n"

    def result(self, outcome: Outcome, cursor: str | None) -> bytes:
        """Return the event `next`."""
        identifier = f"id: {cursor}\n" if cursor is not None else ""
        return f"event: next\n{identifier}data: {to_json(outcome.body)}\n\n".encode()

    def errors(self, errors: list[dict[str, Any]]) -> bytes:
        """Return the event `next` with errors only."""
        return f"event: next\ndata: {to_json({'errors': errors})}\n\n".encode()


class PartFraming:
    """Apollo's multipart subscriptions.

    Source:
        https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
    """

    media_type = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    opening = b"--graphql"
    heartbeat = b"\r\nContent-Type: application/json\r\n\r\n{}\r\n--graphql"
    ending = b"--\r\n"

    def result(self, outcome: Outcome, cursor: str | None) -> bytes:  # it has no place for cursors
        """Return a part with a payload."""
        return _part({"payload": outcome.body})

    def errors(self, errors: list[dict[str, Any]]) -> bytes:
        """Return a part without a payload: errors of the way, not of the operation."""
        return _part({"payload": None, "errors": errors})


FRAMINGS: dict[StreamKind, Framing] = {StreamKind.EVENTS: EventFraming(), StreamKind.PARTS: PartFraming()}


def _part(body: dict[str, Any]) -> bytes:
    # The boundary follows at once: a client takes a part for whole when it sees where the next begins.
    return f"\r\nContent-Type: application/json\r\n\r\n{to_json(body)}\r\n--graphql".encode()
