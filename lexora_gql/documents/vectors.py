"""Vectors of chunks: paid for once, kept as bytes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.errors import LeaseLost
from lexora_gql.documents.models import CachedVector, Chunk, ChunkVector, Document, DocumentStatus
from lexora_gql.ports.embedder import Embedder, EmbedderRejected, FormerEmbedders, Vectors, no_other
from lexora_gql.storage.database import WORKER, Database
from lexora_gql.storage.writing import insert_rows
from lexora_gql.telemetry.metrics import Metrics


def to_bytes(vectors: Vectors) -> list[bytes]:
    """Return each row as float16, little-endian: half the bytes, and ranks as with float32."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def from_bytes(rows: Sequence[bytes]) -> Vectors:
    """Return rows of unit length, shape (rows, dimensions), float32."""
    matrix: NDArray[np.float32] = np.frombuffer(b"".join(rows), dtype="<f2").astype(np.float32)
    matrix = matrix.reshape(len(rows), -1)
    lengths: NDArray[np.float32] = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(lengths > 0, lengths, 1)
    return matrix


def content_hash(content: str) -> bytes:
    """Return what a vector is kept under, beside its model's name."""
    return hashlib.sha256(content.encode()).digest()


@dataclass(frozen=True, slots=True)
class VectorStore:
    """Embeds texts in batches, by what was paid for before first.

    Attributes:
        embedder: The configured one.
        former: Gives others whose vectors may still be stored.
    """

    database: Database
    embedder: Embedder
    batch_size: int
    metrics: Metrics
    former: FormerEmbedders = no_other

    def named(self, name: str | None) -> Embedder | None:
        """Return the embedder of this name; None where it cannot be had here."""
        if name is None or name == self.embedder.name:
            return self.embedder if name is not None else None
        return self.former(name)

    def by(self, embedder: Embedder) -> "VectorStore":
        """Return the same with another embedder."""
        return replace(self, embedder=embedder)

    async def vectors(
        self, document_id: UUID, owner_id: UUID, contents: Sequence[str], on_progress: Callable[[int, int], None]
    ) -> list[bytes]:
        """Return one vector per content, as bytes.

        Args:
            document_id: What it costs is kept with this document until its chunks are stored.
            owner_id: Whose other documents are looked through for the same content.
            contents: As embedded, none empty.
            on_progress: Called with the contents done so far and their number.

        Raises:
            EmbedderUnavailable, EmbedderRejected: The embedder failed.
            LeaseLost: The document is gone, or its reading has ended without us.
        """
        found: list[bytes] = []
        for start in range(0, len(contents), self.batch_size):
            batch = contents[start : start + self.batch_size]
            if self.embedder.is_costly:
                found += await self._with_cache(document_id, owner_id, batch)
            else:
                found += to_bytes(await self.embed(batch))
            on_progress(len(found), len(contents))
        return found

    async def _with_cache(self, document_id: UUID, owner_id: UUID, batch: Sequence[str]) -> list[bytes]:
        keys = [content_hash(content) for content in batch]
        known = await self._known(owner_id, keys)
        missing = {key: content for key, content in zip(keys, batch, strict=True) if key not in known}
        self.metrics.cache_hit_total.labels(cache="embedding").inc(len(batch) - len(missing))
        self.metrics.cache_miss_total.labels(cache="embedding").inc(len(missing))
        if missing:
            fresh = to_bytes(await self.embed(list(missing.values())))
            known |= dict(zip(missing, fresh, strict=True))
            rows = [
                {
                    "document_id": document_id,
                    "embedder": self.embedder.name,
                    "content_sha256": key,
                    "vector": known[key],
                }
                for key in missing
            ]
            async with self.database.transaction(WORKER) as session:
                await _require_under_way(session, document_id)
                await insert_rows(session, CachedVector, rows, skip_existing=True)
        return [known[key] for key in keys]

    async def _known(self, owner_id: UUID, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        in_chunks = (
            select(Chunk.content_sha256, Chunk.vector)
            .join(Document, Document.id == Chunk.document_id)
            .where(
                Document.owner_id == owner_id,
                Chunk.embedder == self.embedder.name,
                Chunk.content_sha256.in_(keys),
            )
        )
        not_folded = (
            select(Chunk.content_sha256, ChunkVector.vector)
            .join(ChunkVector, ChunkVector.chunk_id == Chunk.id)
            .join(Document, Document.id == Chunk.document_id)
            .where(
                Document.owner_id == owner_id,
                ChunkVector.embedder == self.embedder.name,
                Chunk.content_sha256.in_(keys),
            )
        )
        under_way = (
            select(CachedVector.content_sha256, CachedVector.vector)
            .join(Document, Document.id == CachedVector.document_id)
            .where(
                Document.owner_id == owner_id,
                CachedVector.embedder == self.embedder.name,
                CachedVector.content_sha256.in_(keys),
            )
        )
        async with self.database.transaction(WORKER) as session:
            rows = await session.execute(union(in_chunks, not_folded, under_way))
            return {bytes(key): bytes(vector) for key, vector in rows}

    async def embed(self, batch: Sequence[str]) -> Vectors:
        """Return a row per text, as many and as long as they should be.

        Raises:
            EmbedderUnavailable, EmbedderRejected: The embedder failed.
        """
        vectors = await self.embedder.embed(batch)
        if vectors.shape != (len(batch), self.embedder.dimensions):
            expected = (len(batch), self.embedder.dimensions)
            message = f"it gave vectors of shape {vectors.shape}; {expected} was expected"
            raise EmbedderRejected(message, is_retryable=True)
        if not np.isfinite(vectors).all():
            message = "it gave numbers that are not finite"
            raise EmbedderRejected(message, is_retryable=True)
        return vectors


async def _require_under_way(session: AsyncSession, document_id: UUID) -> None:
    """Hold a document's row: whoever ends its reading drops what is kept for it, and nothing may come after that.

    Raises:
        LeaseLost: Its reading has ended already.
    """
    query = select(Document.id).where(Document.id == document_id, Document.status == DocumentStatus.PROCESSING)
    if await session.scalar(query.with_for_update(read=True)) is None:
        raise LeaseLost
