"""What the index lacks, and which documents a scope has."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Select, Uuid, and_, bindparam, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.generations.serving import GENERATION, Serving, serving_or_none
from lexora_gql.documents.models import Chunk, ChunkVector, Collection, Document, Removal
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage, RemovedPassages
from lexora_gql.retrieval.meaning import Meaning, VectorsSwapped, indexable
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.copying import Row, copy_rows

FEW_PASSAGES = 500
"""Up to here they are read at once; reading more as PostgreSQL sends them costs three messages more."""

# Made once: whoever searches a collection that is being added to waits for them.
_COLLECTION, _SINCE = bindparam("collection", type_=Uuid), bindparam("since", type_=BigInteger)
_EXPECTED = select(func.coalesce(func.sum(Document.chunk_count), 0)).where(
    Document.collection_id == _COLLECTION, Document.revision > _SINCE
)
_STANDING = select(Collection.revision, _EXPECTED.scalar_subquery()).where(Collection.id == _COLLECTION)
_NEVER = 2**63 - 1
_ASKED = select(true().label("is_asked")).subquery()
_ENDING = (
    select(GENERATION.c.number, GENERATION.c.embedder, Removal.document_id, Removal.up_to_number)
    .select_from(
        _ASKED.outerjoin(GENERATION, true()).outerjoin(
            Removal, and_(Removal.collection_id == _COLLECTION, Removal.revision > _SINCE)
        )
    )
    .order_by(Removal.revision)
)


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

    async def changes(self, collection_id: UUID, meaning: Meaning, *, since: int) -> tuple[IndexChanges, int]:
        """Return what happened to a collection after a revision, and the revision that leads to.

        Raises:
            VectorsSwapped: Other vectors serve by now.
        """
        given = {"collection": collection_id, "since": since}
        # The number before the rows: what comes in between is applied again, which changes nothing.
        standing = (await self.session.execute(_STANDING, given)).first()
        revision, expected = standing or (0, 0)
        if expected > FEW_PASSAGES:
            added = await self._many(collection_id, meaning, since)
        else:
            rows = (await self.session.execute(_added(collection_id, meaning, since))).all()
            vectors = indexable([row[-1] for row in rows], meaning)
            added = [
                IndexedPassage(number, document_id, context + text, vector)
                for (number, document_id, context, text, _), vector in zip(rows, vectors, strict=True)
            ]
        # After the rows: those of former embedders go soon after a swap, and a shard that lacks them must not stay.
        # An index that has nothing needs to be told of nothing that is gone.
        ending = (await self.session.execute(_ENDING, {**given, "since": since or _NEVER})).all()
        if (serving_or_none(*ending[0][:2]) or Serving(0, meaning.serving.embedder)) != meaning.serving:
            raise VectorsSwapped
        removed = [RemovedPassages(document_id, up_to) for *_, document_id, up_to in ending if document_id is not None]
        return IndexChanges(added=added, removed=removed), revision

    async def _many(self, collection_id: UUID, meaning: Meaning, since: int) -> list[IndexedPassage]:
        added: list[IndexedPassage] = []
        # Each document once: their ids would be most of the objects.
        documents: dict[bytes, UUID] = {}

        def take(rows: Sequence[Row]) -> None:
            vectors = indexable([row[-1] for row in rows], meaning)
            added.extend(_passage(row, documents, vector) for row, vector in zip(rows, vectors, strict=True))

        # Not row by row on the event loop: a hundred thousand would hold up everybody else in this process.
        await copy_rows(self.session, _added(collection_id, meaning, since), take)
        return added


def _added(collection_id: UUID, meaning: Meaning, since: int) -> Select[int, UUID, str, str, bytes | None]:
    beside = and_(ChunkVector.chunk_id == Chunk.id, ChunkVector.embedder == meaning.serving.embedder)
    vector = case((Chunk.embedder == meaning.serving.embedder, Chunk.vector), else_=ChunkVector.vector)
    return (
        select(Chunk.number, Chunk.document_id, Chunk.context, Chunk.text, vector.label("vector"))
        .join(Document, Document.id == Chunk.document_id)
        .outerjoin(ChunkVector, beside)
        .where(Document.collection_id == collection_id, Document.revision > since)
        .order_by(Chunk.number)
    )


def _passage(row: Row, documents: dict[bytes, UUID], vector: NDArray[np.float32]) -> IndexedPassage:
    number, document, context, text, _ = row
    assert number is not None
    assert document is not None
    if (document_id := documents.get(document)) is None:
        document_id = documents[document] = UUID(bytes=document)
    words = b"".join(part for part in (context, text) if part is not None)
    return IndexedPassage(int.from_bytes(number, "big"), document_id, words.decode(), vector)
