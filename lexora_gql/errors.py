"""Failures that a caller can act on.

    DomainError
    ├── InvalidInput          a value outside its bounds or shape
    ├── NotFound              not there, or not the caller's to see
    ├── AlreadyRunning        the work is under way
    ├── Unauthenticated       nobody is signed in
    ├── Forbidden             signed in, but not allowed
    ├── Throttled             too often
    ├── Unavailable           something the server needs is away; worth retrying
    │   └── IndexLoading      a large index is being loaded for the first time
    └── BadCursor             a cursor that this server did not give

Each domain adds its own in its `errors.py`. An error's docstring is its public message where none is given.
The domain knows no HTTP status: `transport` maps codes.
"""

from typing import ClassVar


class DomainError(Exception):
    """Something went wrong."""

    code: ClassVar[str]
    path: tuple[str, ...] | None

    def __init__(self, message: str | None = None, *, path: tuple[str, ...] | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.path = path
        super().__init__(self.message)


class InvalidInput(DomainError):
    """A value is outside its bounds."""

    code = "INVALID_INPUT"


class NotFound(DomainError):
    """There is no such object."""

    code = "NOT_FOUND"


class AlreadyRunning(DomainError):
    """This is being worked on already."""

    code = "ALREADY_RUNNING"


class Unauthenticated(DomainError):
    """Sign in first: send `Authorization: Bearer <access token>`."""

    code = "UNAUTHENTICATED"


class Forbidden(DomainError):
    """You may not do this."""

    code = "FORBIDDEN"


class BadCursor(DomainError):
    """This cursor was not given by this server for this list."""

    code = "BAD_CURSOR"


class Throttled(DomainError):
    """Too many requests."""

    code = "THROTTLED"

    def __init__(self, message: str | None = None, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(DomainError):
    """Something the server needs is away for the moment; try again."""

    code = "UNAVAILABLE"

    def __init__(self, message: str | None = None, *, retry_after_seconds: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class IndexLoading(Unavailable):
    """The index of a large collection is being loaded for the first time; try again."""

    code = "INDEX_LOADING"


def require_length(name: str, value: str, *, low: int, high: int) -> str:
    """Return a text whose length in characters is within bounds.

    Raises:
        InvalidInput: It is shorter than `low` or longer than `high`, or holds a NUL or a lone surrogate,
            neither of which PostgreSQL can store.
    """
    if not low <= len(value) <= high:
        message = f"`{name}` has {len(value)} characters; {low} to {high} are allowed."
        raise InvalidInput(message, path=(name,))
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        message = f"`{name}` holds a NUL or a lone surrogate, which no text may hold."
        raise InvalidInput(message, path=(name,))
    return value


def require_range(name: str, value: float, *, low: float, high: float, unit: str = "") -> None:
    """Check that a number is within bounds, both included.

    Raises:
        InvalidInput: It is below `low` or above `high`, or is not a number.
    """
    if not low <= value <= high:
        suffix = f" {unit}" if unit else ""
        message = f"`{name}` is {value}; {low} to {high}{suffix} are allowed."
        raise InvalidInput(message, path=(name,))
