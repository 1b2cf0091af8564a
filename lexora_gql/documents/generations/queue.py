"""What a reindex has still to do: a row per document, taken up by any worker, under a lease.

All moments are the database's: clocks of different machines never meet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.errors import LeaseLost
from lexora_gql.documents.models import Chunk, ChunkVector, Document, Reembedding, Reindex
from lexora_gql.storage.writing import insert_rows

NOW = func.clock_timestamp()
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}
FREE = or_(Reembedding.lease_until.is_(None), Reembedding.lease_until < NOW)
DOCUMENTS_AT_ONCE = 16
# A release before this one publishes without the lock: its commit may come this long after its document's `ready_at`.
LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Share:
    """Documents that are ours to embed, as long as the lease is renewed."""

    token: UUID
    document_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Passage:
    """What is to be embedded: a chunk with its context in front."""

    chunk_id: UUID
    document_id: UUID
    collection_id: UUID
    ordinal: int
    content: str


@dataclass(frozen=True, slots=True)
class ReembeddingQueue:
    """The queue inside one open transaction of a worker."""

    session: AsyncSession

    async def fill(self) -> int:
        """Put every document with passages into the queue anew; return how many passages they have."""
        await self.session.execute(delete(Reembedding))
        documents = select(Document.id, Document.chunk_count).where(Document.chunk_count > 0)
        await self.session.execute(insert(Reembedding).from_select(["document_id", "passages"], documents))
        return await self.session.scalar(select(func.coalesce(func.sum(Reembedding.passages), 0))) or 0

    async def add_missed(self, reindex: Reindex) -> bool:
        """Put those into the queue that were published since it was filled, without the new vectors."""
        missed = select(Document.id, Document.chunk_count).where(
            Document.ready_at > reindex.started_at - LATE,
            exists().where(Chunk.document_id == Document.id, _lacking(reindex.embedder)),
        )
        statement = insert(Reembedding).from_select(["document_id", "passages"], missed)
        added = await self.session.scalars(statement.on_conflict_do_nothing().returning(Reembedding.document_id))
        return bool(added.all())

    async def claim(self, *, seconds: float) -> Share | None:
        """Take up some documents; None where nothing is left, or others have it."""
        free = select(Reembedding.document_id).where(FREE).order_by(Reembedding.document_id)
        token = uuid4()
        taken = await self.session.scalars(
            update(Reembedding)
            .where(Reembedding.document_id.in_(free.limit(DOCUMENTS_AT_ONCE).with_for_update(skip_locked=True)))
            .values(lease_token=token, lease_until=NOW + timedelta(seconds=seconds))
            .returning(Reembedding.document_id)
        )
        ids = sorted(taken.all())
        return Share(token, ids) if ids else None

    async def renew(self, share: Share, *, seconds: float, done: Mapping[UUID, int] | None = None) -> None:
        """Keep the lease, and count what was embedded, by document.

        Raises:
            LeaseLost: It ran out and was given to somebody else.
        """
        kept = await self.session.scalars(
            update(Reembedding)
            .where(Reembedding.lease_token == share.token)
            .values(lease_until=NOW + timedelta(seconds=seconds))
            .returning(Reembedding.document_id)
        )
        if not kept.all():
            raise LeaseLost
        for document_id, passages in (done or {}).items():
            await self.session.execute(
                update(Reembedding)
                .where(Reembedding.document_id == document_id, Reembedding.lease_token == share.token)
                .values(done=func.least(Reembedding.done + passages, Reembedding.passages))
            )

    async def give_back(self, share: Share) -> None:
        """Let others take the documents up at once."""
        await self.session.execute(update(Reembedding).where(Reembedding.lease_token == share.token).values(NO_LEASE))

    async def finish(self, share: Share) -> int:
        """Take the documents out of the queue; return how many passages they have."""
        gone = await self.session.scalars(
            delete(Reembedding).where(Reembedding.lease_token == share.token).returning(Reembedding.passages)
        )
        return sum(gone.all())

    async def is_empty(self) -> bool:
        """Return whether nothing is left, with anybody."""
        return await self.session.scalar(select(Reembedding.document_id).limit(1)) is None

    async def passages(self, share: Share, embedder: str, *, after: Passage | None, limit: int) -> list[Passage]:
        """Return the next passages of a share that have no vector of an embedder yet, in order."""
        query = select(Chunk.id, Chunk.document_id, Chunk.collection_id, Chunk.ordinal, Chunk.context + Chunk.text)
        query = query.where(Chunk.document_id.in_(share.document_ids), _lacking(embedder))
        if after is not None:
            place = tuple_(literal(after.document_id), literal(after.ordinal))
            query = query.where(tuple_(Chunk.document_id, Chunk.ordinal) > place)
        rows = await self.session.execute(query.order_by(Chunk.document_id, Chunk.ordinal).limit(limit))
        return [Passage(*row) for row in rows]

    async def store(self, embedder: str, passages: Sequence[Passage], vectors: Sequence[bytes]) -> None:
        """Keep vectors beside those that serve."""
        rows = [
            {"chunk_id": one.chunk_id, "embedder": embedder, "collection_id": one.collection_id, "vector": vector}
            for one, vector in zip(passages, vectors, strict=True)
        ]
        await insert_rows(self.session, ChunkVector, rows, skip_existing=True)


def _lacking(embedder: str) -> ColumnElement[bool]:
    beside = exists().where(ChunkVector.chunk_id == Chunk.id, ChunkVector.embedder == embedder)
    return and_(Chunk.embedder != embedder, ~beside)
