"""What can go wrong with accounts.

DomainError
├── EmailTaken            somebody has this address
├── RegistrationClosed    new accounts are not taken, or by invitation only
├── InvalidCredentials    address and password do not belong together
├── InvalidToken          a refresh token that is no good, or no longer
├── QuotaExceeded         a limit of the account is reached
└── Throttled
    └── TooManyAttempts   too many tries to sign in
"""

from datetime import datetime

from lexora_gql.errors import DomainError, Throttled


class EmailTaken(DomainError):
    """There is an account with this address already."""

    code = "EMAIL_TAKEN"


class RegistrationClosed(DomainError):
    """This server takes no new accounts, or by invitation only."""

    code = "REGISTRATION_CLOSED"


class InvalidCredentials(DomainError):
    """Address and password do not belong together, or the account is not active."""

    code = "INVALID_CREDENTIALS"


class InvalidToken(DomainError):
    """This token is not valid, or no longer; sign in again."""

    code = "INVALID_TOKEN"


class TooManyAttempts(Throttled):
    """Too many attempts to sign in; wait a little."""

    code = "TOO_MANY_ATTEMPTS"


class QuotaExceeded(DomainError):
    """A limit of the account is reached."""

    code = "QUOTA_EXCEEDED"

    def __init__(self, what: str, *, limit: int, used: int, resets_at: datetime | None = None) -> None:
        super().__init__(f"The account's limit of {limit:,} {what} is reached: {used:,} are used.")
        self.limit = limit
        self.used = used
        self.resets_at = resets_at
