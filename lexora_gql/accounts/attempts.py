"""Counting attempts to sign in; in PostgreSQL, so that the limit holds on all servers and while Redis is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.addresses import email_key, network_key
from lexora_gql.accounts.auditing import Client
from lexora_gql.accounts.errors import TooManyAttempts
from lexora_gql.accounts.models import LoginAttempt
from lexora_gql.signing import Signer
from lexora_gql.storage.writing import insert_rows

WINDOW = timedelta(minutes=1)
PURPOSE = "login attempts"
# Advisory locks share one space of numbers; the first of two keys sets ours apart.
LOCK_SPACE = 1_280_266_066


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts of the last minute, by mail address and by network address.

    Both are stored as keyed hashes, so that the table is no list of who tried to sign in from where.
    """

    signer: Signer
    limit: int

    def keys(self, email: str, client: Client) -> list[bytes]:
        """Return what an attempt is counted under."""
        parts = [f"email {email_key(email)}"]
        if client.address is not None:
            parts.append(f"network {network_key(client.address)}")
        return sorted(self.signer.digest(PURPOSE, part.encode("utf-8", "surrogatepass")) for part in parts)

    async def count(self, session: AsyncSession, keys: Sequence[bytes], *, at: datetime) -> None:
        """Count one attempt under each key, or none under any.

        The transaction's locks make attempts under one key wait for each other, so that of many at once no more than
        the limit get through; the keys are in order, so that two never wait for each other.

        Raises:
            TooManyAttempts: There were `limit` of them within the last minute under one of the keys.
        """
        for key in keys:
            number = int.from_bytes(key[:4], signed=True)
            await session.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, number)))
        since = at - WINDOW
        await session.execute(delete(LoginAttempt).where(LoginAttempt.key.in_(keys), LoginAttempt.at <= since))
        waits = [await self._wait(session, key, at) for key in keys]
        if longest := max(waits):
            raise TooManyAttempts(retry_after_seconds=longest)
        await insert_rows(session, LoginAttempt, [{"key": key, "at": at} for key in keys])

    async def _wait(self, session: AsyncSession, key: bytes, at: datetime) -> float:
        newest = (
            select(LoginAttempt.at).where(LoginAttempt.key == key).order_by(LoginAttempt.at.desc()).limit(self.limit)
        )
        found = (await session.scalars(newest)).all()
        return (found[-1] + WINDOW - at).total_seconds() if len(found) >= self.limit else 0.0
