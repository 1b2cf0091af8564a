"""Expected failures as members of the result unions, and the way from a domain's error to one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from lexora_gql import errors
from lexora_gql.accounts import errors as accounts
from lexora_gql.conversations import errors as conversations
from lexora_gql.documents import errors as documents
from lexora_gql.errors import DomainError
from lexora_gql.transport.graphql.enums import ErrorCode
from lexora_gql.transport.graphql.interfaces import UserError
from lexora_gql.transport.graphql.scalars import Long


@strawberry.type(description="A value is outside its bounds or shape; `path` names it.")
class InvalidInput(UserError):
    """Of `lexora_gql.errors.InvalidInput`."""


@strawberry.type(description="There is no such object, or it is not yours to see.")
class NotFound(UserError):
    """Of `lexora_gql.errors.NotFound`."""


@strawberry.type(description="Somebody has registered with this address.")
class EmailTaken(UserError):
    """Of `accounts.errors.EmailTaken`."""


@strawberry.type(description="This server does not let people register.")
class RegistrationClosed(UserError):
    """Of `accounts.errors.RegistrationClosed`."""


@strawberry.type(description="Address and password do not belong together.")
class InvalidCredentials(UserError):
    """Of `accounts.errors.InvalidCredentials`."""


@strawberry.type(description="The token is wrong, used or expired.")
class InvalidToken(UserError):
    """Of `accounts.errors.InvalidToken`."""


@strawberry.type(description="Too many tries to sign in.")
class TooManyAttempts(UserError):
    """Of `accounts.errors.TooManyAttempts`."""

    retry_after_seconds: float = strawberry.field(description="How long to wait.")


@strawberry.type(description="The file has more bytes than the server takes.")
class FileTooLarge(UserError):
    """Of `documents.errors.FileTooLarge`."""

    byte_size: Long | None = strawberry.field(description="The file's size, where it is known.")
    max_bytes: Long = strawberry.field(description="The largest size that the server takes.")


@strawberry.type(description="The file's bytes are of a type that cannot be read.")
class UnsupportedFileType(UserError):
    """Of `documents.errors.UnsupportedFileType`."""

    detected: str | None = strawberry.field(description="The media type that the bytes look like, where one is known.")
    accepted: list[str] = strawberry.field(description="Media types that can be read.")


@strawberry.type(description="The file has no bytes.")
class EmptyFile(UserError):
    """Of `documents.errors.EmptyFile`."""


@strawberry.type(description="A limit of your account is reached.")
class QuotaExceeded(UserError):
    """Of `accounts.errors.QuotaExceeded`."""

    limit: Long = strawberry.field(description="The most that is allowed.")
    used: Long = strawberry.field(description="What is used already.")
    resets_at: datetime | None = strawberry.field(description="When counting begins anew; null where it never does.")


@strawberry.type(description="This is being worked on already.")
class AlreadyRunning(UserError):
    """Of `lexora_gql.errors.AlreadyRunning`."""


@strawberry.type(description="The idempotency key was used for another request.")
class IdempotencyKeyReused(UserError):
    """Of `conversations.errors.IdempotencyKeyReused`."""


@strawberry.type(description="The server does not offer this model.")
class ModelNotAllowed(UserError):
    """Of `conversations.errors.ModelNotAllowed`."""

    allowed: list[str] = strawberry.field(description="Models that it offers.")


@dataclass(frozen=True, slots=True)
class UnionHandler:
    """Turns a domain's error into a member of the field's union; without such a member it stays an error.

    Attributes:
        exception_type: The domain's error.
        error_type: The union's member.
        attributes: What the member has beyond code, message and path; of the same names in both.
    """

    exception_type: type[DomainError]
    error_type: type[UserError]
    attributes: tuple[str, ...] = ()

    def handle(
        self, exception: DomainError, *, field: StrawberryField, info: Info[Any, Any]
    ) -> UserError:  # Strawberry names them
        """Return the member."""
        return self.member(exception)

    def member(self, exception: DomainError) -> UserError:
        """Return the member."""
        return self.error_type(
            code=ErrorCode(exception.code),
            message=exception.message,
            path=list(exception.path) if exception.path is not None else None,
            **{name: getattr(exception, name) for name in self.attributes},
        )


HANDLERS = (
    UnionHandler(errors.InvalidInput, InvalidInput),
    UnionHandler(errors.NotFound, NotFound),
    UnionHandler(errors.AlreadyRunning, AlreadyRunning),
    UnionHandler(accounts.EmailTaken, EmailTaken),
    UnionHandler(accounts.RegistrationClosed, RegistrationClosed),
    UnionHandler(accounts.InvalidCredentials, InvalidCredentials),
    UnionHandler(accounts.InvalidToken, InvalidToken),
    UnionHandler(accounts.TooManyAttempts, TooManyAttempts, ("retry_after_seconds",)),
    UnionHandler(documents.FileTooLarge, FileTooLarge, ("byte_size", "max_bytes")),
    UnionHandler(documents.UnsupportedFileType, UnsupportedFileType, ("detected", "accepted")),
    UnionHandler(documents.EmptyFile, EmptyFile),
    UnionHandler(accounts.QuotaExceeded, QuotaExceeded, ("limit", "used", "resets_at")),
    UnionHandler(conversations.IdempotencyKeyReused, IdempotencyKeyReused),
    UnionHandler(conversations.ModelNotAllowed, ModelNotAllowed, ("allowed",)),
)


def to_member(error: DomainError) -> UserError:
    """Return the member of a result union for a domain's error; raise it again where there is none."""
    for handler in HANDLERS:
        if isinstance(error, handler.exception_type):
            return handler.member(error)
    raise error
