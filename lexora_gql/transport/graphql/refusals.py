"""Requests that never become an operation, and what HTTP says to them."""

from lexora_gql.transport.graphql.errors import BAD_REQUEST

FULL_SECONDS = 60


class RequestRefused(Exception):
    """The request is malformed.

    Attributes:
        status: Of the HTTP response.
        draft_status: The same by the draft of 2026, where it differs.
        code: Of the error in its body.
        headers: To be added to it.
        is_closing: Whether the body is not read, so that no other request can follow it on this connection.
    """

    status = 400
    draft_status: int | None = None
    code = BAD_REQUEST
    is_closing = False

    def __init__(self, message: str, *, headers: dict[str, str] | None = None, closing: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}
        if closing is not None:
            self.is_closing = closing


class IllFormed(RequestRefused):
    """It can be read, but it is no GraphQL request; the draft of 2026 tells the two apart."""

    draft_status = 422


class BodyTooLarge(RequestRefused):
    """The body is larger than the server takes."""

    status = 413
    is_closing = True


class TooSlow(RequestRefused):
    """The body has stopped coming."""

    status = 408
    is_closing = True


class NoRoom(RequestRefused):
    """There is no room to keep the body's files until all have come."""

    status = 503
    code = "UNAVAILABLE"
    is_closing = True

    def __init__(self) -> None:
        message = "The server has no room for files at the moment; try again later."
        super().__init__(message, headers={"Retry-After": str(FULL_SECONDS)})


class NotAcceptable(RequestRefused):
    """The client takes none of the types that the server gives."""

    status = 406


class UnsupportedMediaType(RequestRefused):
    """The body is of a type that the server does not read."""

    status = 415


class MethodNotAllowed(RequestRefused):
    """The operation needs another method."""

    status = 405


class SignInFirst(RequestRefused):
    """Nobody is signed in, and so the body is not read."""

    status = 401
    code = "UNAUTHENTICATED"
    is_closing = True
