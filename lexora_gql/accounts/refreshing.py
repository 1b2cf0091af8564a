"""Exchanging a refresh token for the next one of its family."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.auditing import AuditAction, Client, Outcome, write_audit_entry
from lexora_gql.accounts.models import Session, User
from lexora_gql.accounts.repository import AccountRepository, SessionRepository
from lexora_gql.accounts.tokens import is_refresh_token, refresh_hash, refresh_successors
from lexora_gql.signing import Signer

# A client whose answer was lost asks again; within so long it is given the same successor.
RETRY_WINDOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The token was good, and this is the next."""

    user: User
    session: Session
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Reused:
    """The token had been exchanged before: whoever has it, one of them is not the owner, and the family has ended."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """Rotation as RFC 9700 asks for it: each token is good once, and a second use ends all that came of the first."""

    signer: Signer
    lifetime: timedelta

    async def exchange(
        self, session: AsyncSession, token: str, *, at: datetime, client: Client
    ) -> Exchanged | Reused | None:
        """Exchange a token in an open transaction as ACCOUNTS, which must commit whatever is returned.

        Returns:
            None for a token that is unknown, expired, of an ended session or of a user who is not active.
        """
        if not is_refresh_token(token):
            return None
        sessions = SessionRepository(session)
        family = await sessions.lock_family(refresh_hash(token))
        if family is None:
            return None
        signed_in, stored = family
        user = await AccountRepository(session).user(signed_in.user_id)
        if user is None or not user.is_active or signed_in.revoked_at is not None or signed_in.expires_at <= at:
            return None
        successors = refresh_successors(self.signer, token)
        if stored.used_at is None:
            stored.used_at = signed_in.last_used_at = at
            signed_in.expires_at = at + self.lifetime
            await session.flush()
            await sessions.add_token(refresh_hash(successors[0]), signed_in.id, at=at)
            return Exchanged(user, signed_in, successors[0])
        if at - stored.used_at <= RETRY_WINDOW:
            # Under either key: the first answer may have been given just before the keys were rotated.
            unused = await sessions.unused([refresh_hash(successor) for successor in successors])
            for successor in successors:
                if refresh_hash(successor) in unused:
                    return Exchanged(user, signed_in, successor)
        await self._end_family(session, signed_in, at, client)
        return Reused(signed_in.id)

    async def _end_family(self, session: AsyncSession, signed_in: Session, at: datetime, client: Client) -> None:
        await SessionRepository(session).end(signed_in.user_id, at=at, session_id=signed_in.id)
        await write_audit_entry(
            session,
            AuditAction.REFRESH_REUSE,
            at=at,
            client=client,
            actor_id=signed_in.user_id,
            target=signed_in.id,
            outcome=Outcome.REFUSED,
        )
