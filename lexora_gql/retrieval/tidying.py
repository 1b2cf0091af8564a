"""Taking out of the index what is deleted, though nobody searches: words and vectors of it would stay on disk."""

from collections.abc import Collection as Ids
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy import any_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.generations.serving import Serving, serving
from lexora_gql.documents.models import Chunk, ChunkVector, Collection, Removal
from lexora_gql.ports.passage_index import KeptShard, PassageIndex, ShardLoading
from lexora_gql.retrieval.meaning import BYTES_PER_DIMENSION, Meaning, VectorsSwapped
from lexora_gql.retrieval.ranking import Ranker
from lexora_gql.retrieval.repository import Searchable
from lexora_gql.storage.base import ids_array
from lexora_gql.storage.database import WORKER, Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a collection stands, and at which revision something was last taken out of it."""

    revision: int
    removed_at: int


@dataclass(frozen=True, slots=True)
class IndexTidying:
    """Keeps one process's index, and what processes left that are gone, free of what is deleted.

    Attributes:
        configured: The name of the embedder whose vectors serve until anything is published.
    """

    database: Database
    index: PassageIndex
    configured: str
    _ranker: Ranker = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ranker", Ranker(self.database, self.index))

    async def tidy(self, *, is_searched: bool = True) -> None:
        """Remove shards of deleted collections, and bring those up to date that hold deleted passages.

        Args:
            is_searched: Whether this process searches; else there is no use for shards, and they are removed.
        """
        kept = await self.index.kept()
        if not kept:
            return
        async with self.database.transaction(WORKER) as session:
            standings = await _standings(session, {shard.collection_id for shard in kept})
            now = await serving(session, self.configured)
        for shard in kept:
            standing = standings.get(shard.collection_id)
            if standing is None or shard.revision < standing.removed_at:
                await self._tend(shard, standing if is_searched else None, now)

    async def _tend(self, shard: KeptShard, standing: _Standing | None, now: Serving) -> None:
        log.info("shard_tended", collection_id=str(shard.collection_id), is_left=shard.is_left)
        if shard.is_left:
            await self.index.forget_left(shard.collection_id)
        elif standing is None or not shard.embedder.endswith(f"#{now.number}"):
            await self.index.forget(shard.collection_id)
        else:
            await self._catch_up(shard, standing, now)

    async def _catch_up(self, shard: KeptShard, standing: _Standing, now: Serving) -> None:
        async with self.database.transaction(WORKER) as session:
            meaning = await _meaning(session, shard, now)
        place = Searchable(shard.collection_id, standing.revision, None)
        # Where it is being loaded, or vectors are being exchanged, the next time will do.
        with suppress(ShardLoading, VectorsSwapped):
            try:
                await self._ranker.catch_up(place, meaning)
            except ValueError:
                # Its vectors are not those that are stored; the next search builds it anew.
                await self.index.forget(shard.collection_id)


async def _standings(session: AsyncSession, ids: Ids[UUID]) -> dict[UUID, _Standing]:
    removed_at = select(func.max(Removal.revision)).where(Removal.collection_id == Collection.id).scalar_subquery()
    rows = await session.execute(
        select(Collection.id, Collection.revision, func.coalesce(removed_at, 0)).where(
            Collection.id == any_(ids_array(ids))
        )
    )
    return {identifier: _Standing(revision, removed) for identifier, revision, removed in rows}


async def _meaning(session: AsyncSession, shard: KeptShard, now: Serving) -> Meaning:
    """Return what a search would go by that has no words: its vector is as long as those of the shard."""
    by_wording = Meaning(now, np.ones(1, dtype=np.float32), 0.0, is_by_wording=True)
    if shard.embedder == by_wording.shard:
        return by_wording
    inside = (
        select(func.octet_length(Chunk.vector))
        .where(Chunk.collection_id == shard.collection_id, Chunk.embedder == now.embedder)
        .limit(1)
    )
    beside = (
        select(func.octet_length(ChunkVector.vector))
        .where(ChunkVector.collection_id == shard.collection_id, ChunkVector.embedder == now.embedder)
        .limit(1)
    )
    length = await session.scalar(inside) or await session.scalar(beside) or BYTES_PER_DIMENSION
    return Meaning(now, np.zeros(length // BYTES_PER_DIMENSION, dtype=np.float32), 0.0)
