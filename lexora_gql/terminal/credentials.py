"""Tokens to send with a request, and how they are renewed while a command runs."""

import asyncio
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

from lexora_gql.terminal.endpoint import Endpoint
from lexora_gql.terminal.errors import Refused
from lexora_gql.terminal.results import member
from lexora_gql.terminal.session_file import SavedSession, SessionFile

# A token that ends on its way to the server is no good.
MARGIN = timedelta(seconds=30)


class Credentials(Protocol):
    """Who speaks."""

    async def token(self) -> str:
        """Return a token that is good at this moment, as far as one can know."""
        ...

    async def renew(self) -> bool:
        """Get another token, since the server took the last one no longer; False where there is no way to."""
        ...


@dataclass(frozen=True, slots=True)
class GivenToken:
    """An access token or an API key, as it was given."""

    value: str

    async def token(self) -> str:
        """Return it."""
        return self.value

    async def renew(self) -> bool:
        """Say that it is all there is."""
        return False


@dataclass(frozen=True, slots=True)
class Tokens:
    """What signing in gives."""

    email: str
    access_token: str
    expires_at: datetime
    refresh_token: str

    @classmethod
    def of(cls, authenticated: dict[str, Any]) -> Self:
        """Take the fields of `Authenticated`."""
        return cls(
            email=authenticated["user"]["email"],
            access_token=authenticated["accessToken"],
            expires_at=datetime.fromisoformat(authenticated["accessTokenExpiresAt"]),
            refresh_token=authenticated["refreshToken"],
        )


class Account:
    """Somebody who has signed in, here or in an earlier command."""

    def __init__(self, endpoint: Endpoint, tokens: Tokens, kept: SessionFile | None) -> None:
        """Take what signing in gave.

        Args:
            endpoint: The server.
            tokens: The newest.
            kept: Where the refresh token is kept for other commands, whose renewals then count as ours.
        """
        self.tokens = tokens
        self._endpoint = endpoint
        self._kept = kept
        self._renewing = asyncio.Lock()

    async def token(self) -> str:
        """See the protocol."""
        if datetime.now(UTC) + MARGIN >= self.tokens.expires_at:
            await self.renew()
        return self.tokens.access_token

    async def renew(self) -> bool:
        """See the protocol."""
        before = self.tokens
        async with self._renewing:
            # Whoever waited finds it done.
            if self.tokens is before:
                try:
                    self.tokens = await refreshed(self._endpoint, before, self._kept)
                except Refused:
                    return False
        return True


async def refreshed(endpoint: Endpoint, known: Tokens | SavedSession, kept: SessionFile | None) -> Tokens:
    """Exchange a refresh token for its successor, one command at a time.

    Raises:
        Refused: It is no good any longer.
    """
    lock: AbstractContextManager[None] = kept.locked() if kept else nullcontext()
    await asyncio.to_thread(lock.__enter__)
    try:
        saved = kept.read(endpoint.url) if kept else None
        token = saved.refresh_token if saved and saved.email == known.email else known.refresh_token
        result = await endpoint.execute("RefreshSession", {"refreshToken": token})
        tokens = Tokens.of(member(result["refreshSession"]))
        if kept:
            kept.write(endpoint.url, SavedSession(tokens.email, tokens.refresh_token))
        return tokens
    finally:
        lock.__exit__(None, None, None)
