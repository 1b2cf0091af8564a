"""After a swap: the vectors that serve move to their chunks, and those of former embedders go.

Searches take a vector from wherever it stands, so that nobody notices.
"""

from sqlalchemy import CursorResult, Delete, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.generations.serving import next_embedder
from lexora_gql.documents.models import Chunk, ChunkVector, Generation

ROWS_AT_ONCE = 500


async def fold(session: AsyncSession, generation: Generation) -> None:
    """Move some vectors, or remove some, in an open transaction of a worker; note when none is left."""
    if await _move(session, generation.embedder) or await _remove(session, generation.embedder):
        return
    left = select(ChunkVector.chunk_id).where(ChunkVector.embedder == generation.embedder)
    if await session.scalar(left.limit(1)) is None:
        values = {"folded_at": func.clock_timestamp()}
        await session.execute(update(Generation).where(Generation.number == generation.number).values(values))


async def _move(session: AsyncSession, embedder: str) -> int:
    # The chunk is locked first, as by whoever deletes it.
    locked = (
        select(ChunkVector.chunk_id, ChunkVector.vector)
        .join(Chunk, Chunk.id == ChunkVector.chunk_id)
        .where(ChunkVector.embedder == embedder)
        .order_by(ChunkVector.chunk_id)
        .limit(ROWS_AT_ONCE)
        .with_for_update(of=Chunk, skip_locked=True, key_share=True)
        .cte("locked")
    )
    written = update(Chunk).where(Chunk.id == locked.c.chunk_id).values(vector=locked.c.vector, embedder=embedder)
    moved = (
        delete(ChunkVector)
        .where(ChunkVector.embedder == embedder, ChunkVector.chunk_id.in_(select(locked.c.chunk_id)))
        .add_cte(written.cte("written"))
    )
    return await _count(session, moved)


async def _remove(session: AsyncSession, embedder: str) -> int:
    # Another may be under way by now; what one has left that failed is for the next with the same embedder.
    kept = [embedder, await next_embedder(session) or embedder]
    some = select(ChunkVector.chunk_id, ChunkVector.embedder).where(ChunkVector.embedder.not_in(kept))
    there = tuple_(ChunkVector.chunk_id, ChunkVector.embedder)
    return await _count(session, delete(ChunkVector).where(there.in_(some.limit(ROWS_AT_ONCE))))


async def _count(session: AsyncSession, deletion: Delete) -> int:
    gone = await session.execute(deletion)
    return gone.rowcount if isinstance(gone, CursorResult) else 0
