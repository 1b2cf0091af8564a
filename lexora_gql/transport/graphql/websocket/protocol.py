"""The frames of graphql-transport-ws, and the codes that sockets close with.

Source:
    https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from lexora_gql.transport.graphql.execution.outcomes import to_json
from lexora_gql.transport.graphql.refusals import RequestRefused
from lexora_gql.transport.graphql.requests import GraphQLRequest, parse_json, to_request

SUBPROTOCOL = "graphql-transport-ws"
FRAME_BYTES_MAX = 64 * 1024
ID_CHARACTERS_MAX = 256
REASON_BYTES_MAX = 123


class CloseCode(IntEnum):
    """Why a socket is closed; clients retry 1012 and 1013, and those of 44xx that they can do something about."""

    TOO_LARGE = 1009
    INTERNAL = 1011
    RESTART = 1012
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    TOO_MANY_INITS = 4429


class Closing(Exception):
    """The socket must be closed.

    Attributes:
        code: None where the client has closed it already.
    """

    def __init__(self, code: CloseCode | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """`connection_init`.

    Attributes:
        authorization: Such as "Bearer eyJ…"; None for nobody.
    """

    authorization: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    """`ping`."""


@dataclass(frozen=True, slots=True)
class Pong:
    """`pong`."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`subscribe`; the request is read later, for what is wrong with it concerns this operation only."""

    id: str
    payload: dict[str, Any]

    def request(self) -> GraphQLRequest:
        """Return the operation.

        Raises:
            RequestRefused: It is none.
        """
        return to_request(self.payload)


@dataclass(frozen=True, slots=True)
class Complete:
    """`complete`: the client has had enough of an operation."""

    id: str


Frame = Init | Ping | Pong | Subscribe | Complete


def parse_frame(text: str | None) -> Frame:
    """Return what a client says.

    Args:
        text: None for a binary frame.

    Raises:
        Closing: It is too large, or none of the protocol's messages.
    """
    if text is None:
        raise Closing(CloseCode.BAD_MESSAGE, "Frames must be text.")
    raw = text.encode(errors="surrogatepass")
    if len(raw) > FRAME_BYTES_MAX:
        raise Closing(CloseCode.TOO_LARGE, f"A frame has at most {FRAME_BYTES_MAX} bytes.")
    try:
        frame = parse_json(raw, "The message")
    except RequestRefused as error:
        raise Closing(CloseCode.BAD_MESSAGE, error.message) from None
    if not isinstance(frame, dict):
        raise Closing(CloseCode.BAD_MESSAGE, "A message is a JSON object.")
    return _frame(frame)


def _frame(frame: dict[str, Any]) -> Frame:
    payload = frame.get("payload")
    match frame.get("type"):
        case "connection_init":
            return Init(_authorization(payload))
        case "ping" | "pong" as kind:
            if not isinstance(payload, dict | None):
                raise Closing(CloseCode.BAD_MESSAGE, "`payload` must be an object.")
            return Ping() if kind == "ping" else Pong()
        case "subscribe":
            identifier = _identifier(frame.get("id"))
            if not isinstance(payload, dict) or not _names_a_document(payload):
                raise Closing(CloseCode.BAD_MESSAGE, "`payload` must be an object with a `query`.")
            return Subscribe(identifier, payload)
        case "complete":
            return Complete(_identifier(frame.get("id")))
    raise Closing(CloseCode.BAD_MESSAGE, "The message has no `type` that a client may send.")


def _names_a_document(payload: dict[str, Any]) -> bool:
    query = payload.get("query")
    if query is None:
        return payload.get("documentId") is not None or payload.get("extensions") is not None
    return isinstance(query, str)


def _authorization(payload: object) -> str | None:
    if payload is None:
        return None
    if not isinstance(payload, dict):
        raise Closing(CloseCode.BAD_MESSAGE, "`payload` must be an object.")
    # Header names know no case, and clients write them both ways.
    values = [value for name, value in payload.items() if name.lower() == "authorization" and value is not None]
    if not values:
        return None
    if not isinstance(values[0], str):
        raise Closing(CloseCode.FORBIDDEN, "Forbidden")
    return values[0]


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= ID_CHARACTERS_MAX:
        raise Closing(CloseCode.BAD_MESSAGE, f"`id` must be a text of 1 to {ID_CHARACTERS_MAX} characters.")
    return value


def to_text(kind: str, **content: object) -> str:
    """Return a message as it goes over the wire."""
    return to_json({"type": kind} | content)
