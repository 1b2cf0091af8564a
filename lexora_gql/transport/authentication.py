"""From a bearer token to who is asking."""

from lexora_gql.accounts.service import AccountService
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import DomainError, Unauthenticated

Identity = Viewer | DomainError | None
"""Who asks; None where no token came, an error where one came that is no good or cannot be checked.

A token that is no good is no refusal yet: signing in again must work with the old token still in the header.
"""

TOKEN_CHARACTERS_MAX = 4_096


async def identify(accounts: AccountService, authorization: str | None) -> Identity:
    """Return who an `Authorization` header speaks for.

    Args:
        accounts: Knows the tokens.
        authorization: Such as "Bearer eyJ…"; None where no header came.
    """
    if authorization is None or not authorization.strip():
        return None
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > TOKEN_CHARACTERS_MAX:
        return Unauthenticated("`Authorization` must read `Bearer <access token>`.")
    try:
        return await accounts.authenticate(token)
    except DomainError as error:
        return error
