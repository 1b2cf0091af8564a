"""Removing what has served its time."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete, func

from lexora_gql.conversations.models import IdempotencyKey
from lexora_gql.conversations.repository import IDEMPOTENCY_HOURS
from lexora_gql.storage.database import SWEEPER, Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeySweep:
    """Removes idempotency keys that mean nothing any more; those that come again go as they come."""

    database: Database

    async def sweep(self) -> int:
        """Remove what is older than 24 hours; return how many keys that were."""
        expiry = func.now() - timedelta(hours=IDEMPOTENCY_HOURS)
        async with self.database.transaction(SWEEPER) as session:
            gone = await session.execute(
                delete(IdempotencyKey).where(IdempotencyKey.created_at < expiry).returning(IdempotencyKey.key)
            )
            removed = len(gone.all())
        if removed:
            log.info("idempotency_keys_removed", keys=removed)
        return removed
