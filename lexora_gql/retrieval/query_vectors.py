"""The vectors of queries, remembered for a while where they cost more to make than to look up."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.ports.embedder import Embedder
from lexora_gql.ports.shared_cache import SharedCache
from lexora_gql.telemetry.metrics import Metrics

KEPT_SECONDS = 3_600
"""Providers change a model under its name hardly ever, but they do."""

_TYPE = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """Embeds queries, by what is remembered first; what one person asked is found by that person only.

    Attributes:
        is_on: Without it, nothing is remembered.
    """

    cache: SharedCache
    metrics: Metrics
    is_on: bool

    async def of(self, viewer: Viewer, embedder: Embedder, words: str) -> NDArray[np.float32]:
        """Return a query's vector, shape (dimensions,), unit length.

        Raises:
            EmbedderUnavailable: Worth retrying.
            EmbedderRejected: Not worth retrying.
        """
        if not self.is_on or not embedder.is_costly:
            return await _embedded(embedder, words)
        owner, key = f"query:{viewer.user_id}", _key(embedder, words)
        kept = await self.cache.get(owner, key)
        vector = None if kept is None else _read(kept, embedder.dimensions)
        counter = self.metrics.cache_miss_total if vector is None else self.metrics.cache_hit_total
        counter.labels(cache="query_vector").inc()
        if vector is None:
            vector = await _embedded(embedder, words)
            await self.cache.put(owner, key, vector.astype(_TYPE).tobytes(), ttl_seconds=KEPT_SECONDS)
        return vector


async def _embedded(embedder: Embedder, words: str) -> NDArray[np.float32]:
    [vector] = await embedder.embed([words])
    row: NDArray[np.float32] = vector
    return row


def _key(embedder: Embedder, words: str) -> str:
    return hashlib.sha256(json.dumps([embedder.name, words]).encode()).hexdigest()


def _read(kept: bytes, dimensions: int) -> NDArray[np.float32] | None:
    """Return a vector as it was kept; None where it cannot be one."""
    if len(kept) != dimensions * _TYPE.itemsize:
        return None
    vector: NDArray[np.float32] = np.frombuffer(kept, dtype=_TYPE).astype(np.float32)
    return vector if np.isfinite(vector).all() else None
