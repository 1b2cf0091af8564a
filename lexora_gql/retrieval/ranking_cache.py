"""What the index said to a search, remembered for a while.

It is never stale: what the index says depends on the passages, and the key holds the revision of every collection that
is searched, so each upload and each deletion makes another key. It is never a leak: only numbers and scores are
remembered, under the person who asked; the passages are looked up in PostgreSQL at every search, under that person's
row-level security, as they are after a search of the index.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from lexora_gql import __version__
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.generations.serving import Serving
from lexora_gql.ports.passage_index import Rankings, Scored
from lexora_gql.ports.shared_cache import SharedCache
from lexora_gql.retrieval.repository import Searchable
from lexora_gql.telemetry.metrics import Metrics

DOCUMENTS_MAX = 1_000
"""A search within more documents than this is not remembered: writing their ids down takes longer than searching."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the index said to a query.

    Attributes:
        rankings: One per collection.
        weight: Of meaning against wording.
    """

    rankings: Sequence[Rankings]
    weight: float


_Pairs = list[tuple[int, float]]
_KEPT = TypeAdapter(tuple[float, list[tuple[int, int, _Pairs, _Pairs]]])


@dataclass(frozen=True, slots=True)
class RankingCache:
    """Remembers in a cache that every server reads and that may forget at any time.

    Attributes:
        seconds: How long; 0 remembers nothing.
    """

    cache: SharedCache
    metrics: Metrics
    seconds: int

    def key(self, serving: Serving, places: Sequence[Searchable], words: str, count: int) -> str | None:
        """Return all that the index's word depends on, hashed; None where it is not worth remembering."""
        documents = sum(len(place.documents) for place in places if place.documents is not None)
        if not self.seconds or not places or documents > DOCUMENTS_MAX:
            return None
        searched = [(str(place.collection_id), place.revision, _ids(place.documents)) for place in places]
        parts = [__version__, serving.number, serving.embedder, words, count, searched]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    async def get(self, viewer: Viewer, key: str | None) -> Ranked | None:
        """Return what the index said to the same search, if it is remembered."""
        if key is None:
            return None
        kept = await self.cache.get(_owner(viewer), key)
        ranked = None if kept is None else _read(kept)
        counter = self.metrics.cache_miss_total if ranked is None else self.metrics.cache_hit_total
        counter.labels(cache="search").inc()
        return ranked

    async def put(self, viewer: Viewer, key: str | None, places: Sequence[Searchable], ranked: Ranked) -> None:
        """Remember what the index said, if it spoke of the revisions that the key names and of no later ones."""
        said = [ranking.revision for ranking in ranked.rankings]
        if key is not None and said == [place.revision for place in places]:
            await self.cache.put(_owner(viewer), key, _written(ranked), ttl_seconds=self.seconds)


def _ids(documents: frozenset[UUID] | None) -> list[str] | None:
    return None if documents is None else sorted(map(str, documents))


def _owner(viewer: Viewer) -> str:
    return f"ranking:{viewer.user_id}"


def _written(ranked: Ranked) -> bytes:
    rankings = [
        (one.candidates, one.revision, _pairs(one.by_meaning), _pairs(one.by_wording)) for one in ranked.rankings
    ]
    return _KEPT.dump_json((ranked.weight, rankings))


def _pairs(scored: Sequence[Scored]) -> _Pairs:
    return [(one.number, one.score) for one in scored]


def _read(kept: bytes) -> Ranked | None:
    """Return what the index said; None where the value cannot be that."""
    try:
        weight, rankings = _KEPT.validate_json(kept)
    except ValidationError:
        return None
    return Ranked(
        [
            Rankings(_scored(by_meaning), _scored(by_wording), candidates, revision)
            for candidates, revision, by_meaning, by_wording in rankings
        ],
        weight,
    )


def _scored(pairs: _Pairs) -> tuple[Scored, ...]:
    return tuple(Scored(number, score) for number, score in pairs)
