"""Requests that never become an operation, and what HTTP says to them."""

from lexora_gql.transport.graphql.errors import BAD_REQUEST


class RequestRefused(Exception):
    """The request is malformed.

    Attributes:
        status: Of the HTTP response.
        code: Of the error in its body.
        headers: To be added to it.
    """

    status = 400
    code = BAD_REQUEST

    def __init__(self, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}


class BodyTooLarge(RequestRefused):
    """The body is larger than the server takes."""

    status = 413


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
