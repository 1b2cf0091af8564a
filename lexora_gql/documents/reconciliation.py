"""Making good what was left behind: lost workers, lost rings."""

from dataclasses import dataclass
from decimal import Decimal
from typing import cast

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.changes import Publication
from lexora_gql.documents.leases import NOW, Failure, LeaseRepository, failed, queued_after_loss
from lexora_gql.documents.models import Document, DocumentStatus, IngestionFailureCode
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.job_queue import JobQueue
from lexora_gql.storage.database import SWEEPER, Database

LOSSES_MAX = 3
BATCH = 100
# Any number will do, as long as all processes agree on it.
RECONCILE_LOCK = 5_391_406_228

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
    queue: JobQueue
    bus: EventBus

    async def reconcile(self) -> None:
        """Put documents of lost workers back, end those that lost three, and ring for what waits."""
        # They may hold the rows of the documents that they have lost.
        if ended := await self.database.end_frozen():
            log.warning("frozen_sessions_ended", sessions=ended)
        for _ in range(BATCH):
            if not await self._take_from_lost_worker():
                break
        async with self.database.transaction(SWEEPER) as session:
            is_anything_due = await LeaseRepository(session).is_anything_due()
        if is_anything_due:
            await self.queue.ring()

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


async def _take_from_lost_worker(session: AsyncSession, document: Document) -> None:
    if document.losses + 1 >= LOSSES_MAX:
        failure = Failure(
            IngestionFailureCode.WORKER_LOST,
            f"{LOSSES_MAX} workers were lost while they read this document. Process it again.",
            is_retryable=True,
            stage=document.stage,
        )
        values = failed(failure, was_ready_at=document.ready_at, warnings=document.warnings)
        await LeaseRepository(session).forget(document)
    else:
        values = queued_after_loss()
    await session.execute(update(Document).where(Document.id == document.id).values(values))
    log.warning("worker_lost", document_id=str(document.id), losses=document.losses + 1)
