"""Making good what was left behind: lost workers, lost rings, bytes that nobody needs any more."""

from dataclasses import dataclass
from decimal import Decimal
from typing import cast

import structlog
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.changes import Publication
from lexora_gql.documents.leases import NOW, Failure, LeaseRepository, failed, queued_after_loss
from lexora_gql.documents.models import Document, DocumentStatus, IngestionFailureCode, Purge
from lexora_gql.ports.blob_store import BlobStore
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.job_queue import JobQueue
from lexora_gql.storage.database import SWEEPER, Database

LOSSES_MAX = 3
BATCH = 100
# Any number will do, as long as all processes agree on it.
RECONCILE_LOCK = 5_391_406_228
PURGE_RETRY_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much is waiting.

    Attributes:
        pending: Documents waiting or being read.
        oldest_pending_seconds: How long the oldest of them has waited; None where nothing waits.
    """

    pending: int
    oldest_pending_seconds: float | None


@dataclass(frozen=True, slots=True)
class DocumentReconciler:
    """What runs every few seconds in every process; an advisory lock lets one at a time do it."""

    database: Database
    blobs: BlobStore
    queue: JobQueue
    bus: EventBus

    async def reconcile(self) -> None:
        """Put documents of lost workers back, end those that lost three, ring for what waits, purge."""
        for _ in range(BATCH):
            if not await self._take_from_lost_worker():
                break
        async with self.database.transaction(SWEEPER) as session:
            is_anything_due = await LeaseRepository(session).is_anything_due()
        if is_anything_due:
            await self.queue.ring()
        await self.purge()

    async def purge(self) -> int:
        """Delete the bytes of deleted documents; return how many blobs went."""
        purged = 0
        while batch := await self._purges():
            gone = [purge.id for purge in batch if await self._has_gone(purge)]
            async with self.database.transaction(SWEEPER) as session:
                await session.execute(delete(Purge).where(Purge.id.in_(gone)))
            purged += len(gone)
        return purged

    async def _has_gone(self, purge: Purge) -> bool:
        try:
            await self.blobs.delete(purge.blob_key)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one blob, the others can go
            log.warning("purge_put_off", attempts=purge.attempts, reason=type(error).__name__)
            return False
        return True

    async def _take_from_lost_worker(self) -> bool:
        """Take one document from a worker that is not heard of any more; return whether there was one.

        Each in a transaction of its own: readers' feeds are locked from its change to the commit, and those of two
        collections in one transaction could be locked in another order than somebody else locks them.
        """
        publication = Publication()
        async with self.database.transaction(SWEEPER) as session:
            if not await session.scalar(select(func.pg_try_advisory_xact_lock(RECONCILE_LOCK))):
                return False
            lost = await LeaseRepository(session).lapsed(limit=1)
            for document in lost:
                await _take_from_lost_worker(session, document)
                await publication.record(session, document.collection_id, [document.id])
        await publication.ring(self.bus)
        return bool(lost)

    async def backlog(self) -> Backlog:
        """Count what is waiting, for metrics."""
        async with self.database.transaction(SWEEPER) as session:
            row = (
                await session.execute(
                    select(func.count(), func.extract("epoch", NOW - func.min(Document.queued_at))).where(
                        Document.status.in_([DocumentStatus.PENDING, DocumentStatus.PROCESSING])
                    )
                )
            ).one()
        # mypy takes the difference of two moments for a number of theirs.
        oldest = cast("Decimal | None", row[1])
        return Backlog(row[0], float(oldest) if oldest is not None else None)

    async def _purges(self) -> list[Purge]:
        # Each try is put off a little, so that one blob that cannot be deleted does not keep the others waiting.
        due = (
            select(Purge.id)
            .where(Purge.created_at + Purge.attempts * text(f"interval '{PURGE_RETRY_SECONDS} seconds'") <= NOW)
            .order_by(Purge.created_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self.database.transaction(SWEEPER) as session:
            ids = (await session.scalars(due)).all()
            rows = await session.scalars(
                update(Purge).where(Purge.id.in_(ids)).values(attempts=Purge.attempts + 1).returning(Purge)
            )
            return list(rows.all())


async def _take_from_lost_worker(session: AsyncSession, document: Document) -> None:
    if document.losses + 1 >= LOSSES_MAX:
        failure = Failure(
            IngestionFailureCode.WORKER_LOST,
            f"{LOSSES_MAX} workers were lost while they read this document. Process it again.",
            is_retryable=True,
            stage=document.stage,
        )
        values = failed(failure, was_ready_at=document.ready_at, warnings=document.warnings)
    else:
        values = queued_after_loss()
    await session.execute(update(Document).where(Document.id == document.id).values(values))
    log.warning("worker_lost", document_id=str(document.id), losses=document.losses + 1)
