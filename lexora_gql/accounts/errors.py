"""What can go wrong with accounts.

DomainError
├── EmailTaken            somebody has this address
├── RegistrationClosed    new accounts are not taken, or by invitation only
├── InvalidCredentials    address and password do not belong together
├── InvalidToken          a refresh token that is no good, or no longer
└── Throttled
    └── TooManyAttempts   too many tries to sign in
"""

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
