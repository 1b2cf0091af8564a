"""Registering, signing in and out."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from lexora_gql.accounts import service
from lexora_gql.transport.graphql.accounts import User
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.results import (
    EmailTaken,
    InvalidCredentials,
    InvalidInput,
    InvalidToken,
    RegistrationClosed,
    TooManyAttempts,
)


@strawberry.input(description="A new account.")
class RegisterInput:
    """A new account."""

    email: str = strawberry.field(description="The address to sign in with.")
    password: str = strawberry.field(description="At least 15 characters where the server does not say otherwise.")
    full_name: str | None = strawberry.field(default=None, description="As others should see it.")


@strawberry.input(description="Address and password.")
class LoginInput:
    """Address and password."""

    email: str = strawberry.field(description="The address of the account.")
    password: str = strawberry.field(description="As it was registered.")


@strawberry.type(
    description="Signed in. Send the access token as `Authorization: Bearer …`, or as `Authorization` in "
    "connection_init's payload."
)
class Authenticated:
    """Signed in."""

    user: User = strawberry.field(description="Who is signed in.")
    access_token: str = strawberry.field(description="To be sent with every request.")
    access_token_expires_at: datetime = strawberry.field(description="From then on `refreshSession` gives a new one.")
    refresh_token: str = strawberry.field(description="Good for one `refreshSession`; keep it safe.")
    refresh_token_expires_at: datetime = strawberry.field(description="From then on sign in again.")

    @classmethod
    def of(cls, signed_in: service.SignedIn) -> Self:
        """Return tokens as clients see them."""
        return cls(
            user=User.of(signed_in.user),
            access_token=signed_in.access_token,
            access_token_expires_at=signed_in.access_token_expires_at,
            refresh_token=signed_in.refresh_token,
            refresh_token_expires_at=signed_in.refresh_token_expires_at,
        )


@strawberry.type(description="Signed out.")
class LogoutSuccess:
    """Signed out."""

    sessions_ended: int = strawberry.field(description="How many devices were signed out.")


RegisterResult = Annotated[
    Authenticated | InvalidInput | EmailTaken | RegistrationClosed,
    strawberry.union("RegisterResult", description="What came of `register`."),
]
LoginResult = Annotated[
    Authenticated | InvalidCredentials | TooManyAttempts,
    strawberry.union("LoginResult", description="What came of `login`."),
]
RefreshSessionResult = Annotated[
    Authenticated | InvalidToken,
    strawberry.union("RefreshSessionResult", description="What came of `refreshSession`."),
]
LogoutResult = Annotated[LogoutSuccess, strawberry.union("LogoutResult", description="What came of `logout`.")]
Registration = Annotated[RegisterInput, strawberry.argument(description="The new account.")]
Credentials = Annotated[LoginInput, strawberry.argument(description="Address and password.")]
RefreshToken = Annotated[str, strawberry.argument(description="The newest of the session.")]
Everywhere = Annotated[bool, strawberry.argument(description="On all devices, not just on this one.")]


@strawberry.type
class SessionMutation:
    """Registering, signing in and out."""

    @strawberry.mutation(description="Make an account, and sign in.")
    async def register(self, info: Info, input: Registration) -> RegisterResult:  # noqa: A002  # the API's name
        """Make an account."""
        context = info.context
        signed_in = await context.services.accounts.register(
            input.email, input.password, input.full_name, client=context.client
        )
        return Authenticated.of(signed_in)

    @strawberry.mutation(description="Sign in.")
    async def login(self, info: Info, input: Credentials) -> LoginResult:  # noqa: A002  # the API's name
        """Sign in."""
        context = info.context
        signed_in = await context.services.accounts.login(input.email, input.password, client=context.client)
        return Authenticated.of(signed_in)

    @strawberry.mutation(description="Get new tokens for a refresh token, which is used up by that.")
    async def refresh_session(self, info: Info, refresh_token: RefreshToken) -> RefreshSessionResult:
        """Get new tokens."""
        context = info.context
        return Authenticated.of(await context.services.accounts.refresh(refresh_token, client=context.client))

    @strawberry.mutation(description="Sign out: the session's tokens are good for nothing any more.")
    async def logout(self, info: Info, everywhere: Everywhere = False) -> LogoutResult:  # noqa: FBT002  # as in the API
        """Sign out."""
        context = info.context
        ended = await context.services.accounts.logout(context.viewer, everywhere=everywhere, client=context.client)
        return LogoutSuccess(sessions_ended=ended)
