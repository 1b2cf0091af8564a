"""Removing the bytes of deleted documents, however often it takes."""

import asyncio
import time
from collections.abc import Callable
from collections.abc import Collection as Ids
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select, update

from lexora_gql.documents.leases import NOW
from lexora_gql.documents.models import Purge
from lexora_gql.ports.blob_store import BlobStore, BlobStoreAway
from lexora_gql.storage.database import SWEEPER, Database
from lexora_gql.telemetry.metrics import Metrics

BATCH = 100
AT_ONCE = 4
# A store that says nothing at all must not hold up the others.
REPLY_SECONDS = 5.0
FAILURES_MAX = 200
"""Of one round, which then ends: more than a few blobs that cannot be removed are a store that is away."""
BACK_OFF_SECONDS = 2.0
BACK_OFF_SECONDS_MAX = 30.0
"""With the round itself well within the minute in which everything is to be gone once the store is back."""
LEFTOVERS_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Purged:
    """What came of a round."""

    removed: int
    failed: int


@dataclass(frozen=True, slots=True)
class PurgesWaiting:
    """How many blobs are still to be removed, and for how long the oldest has been waiting."""

    count: int
    oldest_seconds: float


@dataclass(slots=True)
class Purging:
    """What removes bytes that nothing refers to any more; any number of processes may do so at a time.

    The row that asks for it is written with the deletion, so that it outlives whoever deleted.

    Attributes:
        clock: Seconds that only ever grow.
    """

    database: Database
    blobs: BlobStore
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    _failures: int = field(default=0, init=False)
    _not_before: float = field(default=float("-inf"), init=False)
    _leftovers_at: float = field(default=float("-inf"), init=False)

    async def tend(self) -> None:
        """Do what is due; after a failure that is nothing for a while, twice as long each time."""
        now = self.clock()
        if now < self._not_before:
            return
        purged = await self.purge()
        self._failures = self._failures + 1 if purged.failed else 0
        if self._failures:
            seconds = min(BACK_OFF_SECONDS * 2.0 ** (self._failures - 1), BACK_OFF_SECONDS_MAX)
            self._not_before = now + seconds
            log.warning("purge_put_off", failed=purged.failed, removed=purged.removed, again_after_seconds=seconds)
            return
        if now >= self._leftovers_at:
            self._leftovers_at = now + LEFTOVERS_SECONDS
            await self._remove_leftovers()

    async def purge(self) -> Purged:
        """Try each blob that is to be removed once."""
        removed, failed = 0, set[UUID]()
        while len(failed) < FAILURES_MAX and (batch := await self._due(failed)):
            gone = await self._removed(batch)
            async with self.database.transaction(SWEEPER) as session:
                await session.execute(delete(Purge).where(Purge.id.in_(gone)))
            removed += len(gone)
            failed.update(purge.id for purge in batch if purge.id not in gone)
            if not gone:
                break
        self.metrics.purges_total.labels(outcome="removed").inc(removed)
        self.metrics.purges_total.labels(outcome="failed").inc(len(failed))
        return Purged(removed, len(failed))

    async def waiting(self) -> PurgesWaiting:
        """Count what is still to be removed, for metrics."""
        oldest = func.coalesce(func.extract("epoch", NOW - func.min(Purge.created_at)), 0.0)
        async with self.database.transaction(SWEEPER) as session:
            count, seconds = (await session.execute(select(func.count(), oldest).select_from(Purge))).one()
        return PurgesWaiting(count, float(seconds))

    async def _due(self, tried: Ids[UUID]) -> list[Purge]:
        # What was tried least comes first, so that two processes take different ones, and one blob that cannot be
        # removed keeps no other waiting.
        due = (
            select(Purge.id)
            .where(Purge.id.not_in(tried))
            .order_by(Purge.attempts, Purge.created_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self.database.transaction(SWEEPER) as session:
            ids = (await session.scalars(due)).all()
            rows = await session.scalars(
                update(Purge).where(Purge.id.in_(ids)).values(attempts=Purge.attempts + 1).returning(Purge)
            )
            return list(rows.all())

    async def _removed(self, batch: list[Purge]) -> set[UUID]:
        places = asyncio.Semaphore(AT_ONCE)

        async def has_gone(purge: Purge) -> bool:
            async with places:
                return await self._has_gone(purge)

        gone = await asyncio.gather(*(has_gone(purge) for purge in batch))
        return {purge.id for purge, is_gone in zip(batch, gone, strict=True) if is_gone}

    async def _has_gone(self, purge: Purge) -> bool:
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                await self.blobs.delete(purge.blob_key)
        except (BlobStoreAway, TimeoutError):
            return False
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one blob, the others can go
            log.warning("blob_not_removed", attempts=purge.attempts, reason=type(error).__name__)
            return False
        return True

    async def _remove_leftovers(self) -> None:
        try:
            removed = await self.blobs.remove_leftovers()
        except BlobStoreAway:
            return
        if removed:
            log.info("leftovers_removed", files=removed)
