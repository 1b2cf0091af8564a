"""What the index lacks, and which documents a scope has."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.generations.serving import Serving, serving
from lexora_gql.documents.models import Chunk, ChunkVector, Collection, Document, Removal
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage, RemovedPassages
from lexora_gql.retrieval.meaning import Meaning, VectorsSwapped, indexable
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.copying import Row, copy_rows


@dataclass(frozen=True, slots=True)
class Searchable:
    """A collection that may be searched.

    Attributes:
        revision: Where it stands.
        documents: Those that may be searched; None for all.
    """

    collection_id: UUID
    revision: int
    documents: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class RetrievalRepository:
    """Reads inside one open transaction of the viewer, whose row-level security decides what there is."""

    session: AsyncSession

    async def documents(self, scope: Scope, collection_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
        """Return the documents of a scope by collection."""
        query = select(Document.collection_id, func.array_agg(Document.id)).where(
            Document.collection_id.in_(collection_ids)
        )
        if scope.document_ids is not None:
            query = query.where(Document.id.in_(scope.document_ids))
        if scope.tags:
            query = query.where(Document.tags.contains(list(scope.tags)))
        rows = await self.session.execute(query.group_by(Document.collection_id))
        return {collection_id: frozenset(ids) for collection_id, ids in rows}

    async def serving(self, configured: str) -> Serving:
        """Return which vectors serve."""
        return await serving(self.session, configured)

    async def changes(self, collection_id: UUID, meaning: Meaning, *, since: int) -> tuple[IndexChanges, int]:
        """Return what happened to a collection after a revision, and the revision that leads to.

        Raises:
            VectorsSwapped: Other vectors serve by now.
        """
        # The number before the rows: what comes in between is applied again, which changes nothing.
        revision = await self.session.scalar(select(Collection.revision).where(Collection.id == collection_id))
        added = await self._added(collection_id, meaning, since)
        removed: list[RemovedPassages] = []
        if since > 0:
            graves = await self.session.execute(
                select(Removal.document_id, Removal.up_to_number)
                .where(Removal.collection_id == collection_id, Removal.revision > since)
                .order_by(Removal.revision)
            )
            removed = [RemovedPassages(document_id, number) for document_id, number in graves]
        # After the rows: those of former embedders go soon after a swap, and a shard that lacks them must not stay.
        if await self.serving(meaning.serving.embedder) != meaning.serving:
            raise VectorsSwapped
        return IndexChanges(added=added, removed=removed), revision or 0

    async def _added(self, collection_id: UUID, meaning: Meaning, since: int) -> list[IndexedPassage]:
        beside = and_(ChunkVector.chunk_id == Chunk.id, ChunkVector.embedder == meaning.serving.embedder)
        vector = case((Chunk.embedder == meaning.serving.embedder, Chunk.vector), else_=ChunkVector.vector)
        query = (
            select(Chunk.number, Chunk.document_id, Chunk.context, Chunk.text, vector.label("vector"))
            .join(Document, Document.id == Chunk.document_id)
            .outerjoin(ChunkVector, beside)
            .where(Document.collection_id == collection_id, Document.revision > since)
            .order_by(Chunk.number)
        )
        added: list[IndexedPassage] = []
        # Each document once: their ids would be most of the objects.
        documents: dict[bytes, UUID] = {}

        def take(rows: Sequence[Row]) -> None:
            vectors = indexable([row[-1] for row in rows], meaning)
            added.extend(_passage(row, documents, vector) for row, vector in zip(rows, vectors, strict=True))

        # Not row by row on the event loop: a hundred thousand would hold up everybody else in this process.
        await copy_rows(self.session, query, take)
        return added


def _passage(row: Row, documents: dict[bytes, UUID], vector: NDArray[np.float32]) -> IndexedPassage:
    number, document, context, text, _ = row
    assert number is not None
    assert document is not None
    if (document_id := documents.get(document)) is None:
        document_id = documents[document] = UUID(bytes=document)
    words = b"".join(part for part in (context, text) if part is not None)
    return IndexedPassage(int.from_bytes(number, "big"), document_id, words.decode(), vector)
