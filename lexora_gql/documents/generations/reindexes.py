"""Reindexes as rows: begun, put off, failed, and ended by the swap."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.generations.queue import FREE, NOW, ReembeddingQueue
from lexora_gql.documents.generations.serving import ReindexState, lock_generations
from lexora_gql.documents.models import Generation, Reembedding, Reindex
from lexora_gql.errors import AlreadyRunning

RUNNING = Reindex.finished_at.is_(None)
DUE = or_(Reindex.not_before.is_(None), Reindex.not_before <= NOW)
BACK_OFF_SECONDS_MAX = 60.0
# A quarter of an hour of back-offs.
OUTAGES_MAX = 20


@dataclass(frozen=True, slots=True)
class ReindexRepository:
    """Reindexes inside one open transaction of a worker."""

    session: AsyncSession

    async def start(self, embedder: str) -> UUID:
        """Begin to embed everything, and return the id.

        Raises:
            AlreadyRunning: Another is under way.
        """
        await lock_generations(self.session)
        if await self.session.scalar(select(Reindex.id).where(RUNNING)) is not None:
            message = "A reindex is under way."
            raise AlreadyRunning(message)
        total = await ReembeddingQueue(self.session).fill()
        values = {"id": uuid4(), "embedder": embedder, "total": total, "started_at": NOW}
        return (await self.session.scalars(insert(Reindex).values(values).returning(Reindex.id))).one()

    async def state(self, reindex_id: UUID | None = None) -> ReindexState | None:
        """Return how far a reindex is, the newest where none is named."""
        query = select(Reindex).order_by(Reindex.started_at.desc()).limit(1)
        found = await self.session.scalar(query if reindex_id is None else query.where(Reindex.id == reindex_id))
        if found is None:
            return None
        done, total = found.done, found.total
        if found.finished_at is None:
            left = select(func.sum(Reembedding.done), func.sum(Reembedding.passages))
            under_way, queued = (await self.session.execute(left)).one()
            # What was deleted meanwhile is not to be done any more, and what came meanwhile is.
            done, total = done + (under_way or 0), done + (queued or 0)
        return ReindexState(found.id, found.embedder, done, total, found.started_at, found.finished_at, found.failure)

    async def due(self) -> Reindex | None:
        """Return the reindex that is under way, unless it waits for its embedder."""
        return await self.session.scalar(select(Reindex).where(RUNNING, DUE))

    async def is_work_due(self) -> bool:
        """Return whether a worker could do something now."""
        if await self.due() is not None:
            left = await self.session.scalar(select(Reembedding.document_id).where(FREE).limit(1))
            return left is not None or await ReembeddingQueue(self.session).is_empty()
        return await self.unfolded() is not None

    async def unfolded(self) -> Generation | None:
        """Return the generation that serves, while its vectors do not all stand with their chunks."""
        newest = await self.session.scalar(select(Generation).order_by(Generation.number.desc()).limit(1))
        return newest if newest is not None and newest.folded_at is None else None

    async def count(self, reindex_id: UUID, passages: int) -> None:
        """Count what is done; the embedder answers again."""
        values = {"done": Reindex.done + passages, "outages": 0, "not_before": None, "moved_at": NOW}
        await self.session.execute(update(Reindex).where(Reindex.id == reindex_id).values(values))

    async def put_off(self, reindex_id: UUID, reason: str, *, retry_after_seconds: float) -> None:
        """Wait longer at each failure in a row, at least as long as the provider asks; fail after too many.

        Several workers that fail together count as one.
        """
        doubled = func.least(func.power(2.0, Reindex.outages), BACK_OFF_SECONDS_MAX)
        pause = func.make_interval(0, 0, 0, 0, 0, 0, func.greatest(doubled, retry_after_seconds))
        outages = await self.session.scalar(
            update(Reindex)
            .where(Reindex.id == reindex_id, RUNNING, DUE)
            .values(outages=Reindex.outages + 1, not_before=NOW + pause)
            .returning(Reindex.outages)
        )
        if outages is not None and outages >= OUTAGES_MAX:
            await self.fail(reindex_id, reason)

    async def fail(self, reindex_id: UUID, reason: str) -> None:
        """End it with a reason; the vectors that were made stay, for the next that is started."""
        values = {"failure": reason, "finished_at": NOW, "total": func.greatest(Reindex.total, Reindex.done)}
        await self.session.execute(update(Reindex).where(Reindex.id == reindex_id, RUNNING).values(values))

    async def fail_if_forsaken(self, reindex_id: UUID, reason: str, *, after: timedelta) -> None:
        """End it where nothing has moved for long, and nobody is at work."""
        busy = select(Reembedding.document_id).where(Reembedding.lease_until > NOW).exists()
        is_forsaken = select(Reindex.id).where(Reindex.id == reindex_id, Reindex.moved_at < NOW - after, ~busy)
        if await self.session.scalar(is_forsaken) is not None:
            await self.fail(reindex_id, reason)

    async def swap(self, reindex_id: UUID) -> bool:
        """Let the new vectors serve if they are complete; return whether they do.

        While the lock is held nobody publishes, so that what is complete stays so until the commit.
        """
        await lock_generations(self.session)
        reindex = await self.session.scalar(select(Reindex).where(Reindex.id == reindex_id, RUNNING).with_for_update())
        queue = ReembeddingQueue(self.session)
        if reindex is None or not await queue.is_empty() or await queue.add_missed(reindex):
            return False
        number = (await self.session.scalar(select(func.max(Generation.number))) or 0) + 1
        await self.session.execute(insert(Generation).values(number=number, embedder=reindex.embedder, since=NOW))
        ended = {"finished_at": NOW, "total": Reindex.done}
        await self.session.execute(update(Reindex).where(Reindex.id == reindex_id).values(ended))
        return True
