"""A passage index of plain lists: every score is computed from the definition, nothing is kept on disk."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.analysis import neighbours_of, terms_of
from lexora_gql.adapters.local_index.function_words import is_function_word
from lexora_gql.ports.passage_index import (
    IndexChanges,
    IndexedPassage,
    KeptShard,
    Rankings,
    RemovedPassages,
    Scored,
)

_K1, _B, _FUNCTION_WORD, _NEARNESS, _LOOKED_AT = 1.2, 0.75, 0.3, 0.2, 20


@dataclass(slots=True)
class _Collection:
    revision: int = 0
    passages: dict[int, IndexedPassage] = field(default_factory=dict)
    terms: dict[int, list[str]] = field(default_factory=dict)


class BruteForceIndex:
    """Exact, and as slow as that: for tests and as the measure of the local index."""

    def __init__(self) -> None:
        self._collections: dict[tuple[UUID, str], _Collection] = {}

    async def revision(self, collection_id: UUID, embedder: str) -> int:
        """See the port."""
        found = self._collections.get((collection_id, embedder))
        return 0 if found is None else found.revision

    async def apply(
        self, collection_id: UUID, embedder: str, changes: IndexChanges, *, since: int, revision: int
    ) -> None:
        """See the port."""
        found = self._collections.get((collection_id, embedder)) or _Collection()
        if found.revision != since:
            return
        _require_vectors([*found.passages.values(), *changes.added])
        for number in [number for number, one in found.passages.items() if _is_removed(one, changes.removed)]:
            del found.passages[number], found.terms[number]
        for one in changes.added:
            found.passages.setdefault(one.number, one)
            found.terms.setdefault(one.number, terms_of(one.text))
        found.revision = revision
        self._collections[collection_id, embedder] = found

    async def search(
        self,
        collection_id: UUID,
        embedder: str,
        *,
        vector: NDArray[np.float32],
        words: str,
        documents: frozenset[UUID] | None,
        count: int,
    ) -> Rankings:
        """See the port."""
        found = self._collections.get((collection_id, embedder))
        if found is None:
            return Rankings((), (), 0)
        _require_vectors([*found.passages.values()], vector)
        inside = [one for one in found.passages.values() if documents is None or one.document_id in documents]
        meaning = {one.number: round(float(one.vector @ vector), 6) for one in inside}
        query = terms_of(words)
        scores = _scores(found.terms, [(term,) for term in query])
        wording = {one.number: round(scores[one.number], 4) for one in inside if one.number in scores}
        near = _scores(found.terms, neighbours_of(query))
        for one in _best(wording, min(count, _LOOKED_AT)):
            wording[one.number] = round(one.score + near.get(one.number, 0.0), 4)
        return Rankings(_best(meaning, count), _best(wording, count), len(inside), found.revision)

    async def forget(self, collection_id: UUID) -> None:
        """See the port."""
        for key in [key for key in self._collections if key[0] == collection_id]:
            del self._collections[key]

    async def kept(self) -> list[KeptShard]:
        """See the port."""
        return [KeptShard(*key, found.revision) for key, found in self._collections.items()]

    async def forget_left(self, collection_id: UUID) -> None:
        """See the port; nothing outlives its process here."""

    async def aclose(self) -> None:
        """See the port."""
        self._collections.clear()


def _is_removed(passage: IndexedPassage, removed: Sequence[RemovedPassages]) -> bool:
    return any(passage.document_id == one.document_id and passage.number <= one.up_to_number for one in removed)


def _best(scores: Mapping[int, float], count: int) -> list[Scored]:
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Scored(number, score) for number, score in ordered[:count]]


def _scores(passages: Mapping[int, list[str]], phrases: Sequence[tuple[str, ...]]) -> dict[int, float]:
    """Score what holds terms, or pairs of terms, of a query; BM25 as Lucene writes it, with exact lengths."""
    scores: dict[int, float] = {}
    average = sum(len(terms) for terms in passages.values()) / max(1, len(passages))
    rarity = {term: _rarity(passages, term) for phrase in phrases for term in phrase}
    for phrase in set(phrases):
        weight = min(rarity[term] for term in phrase)
        weight *= _NEARNESS if len(phrase) > 1 else _FUNCTION_WORD if is_function_word(phrase[0]) else 1.0
        for number, terms in passages.items():
            if frequency := Counter(zip(*(terms[at:] for at in range(len(phrase))), strict=False))[phrase]:
                slowing = _K1 * (1 - _B + _B * len(terms) / average)
                scores[number] = scores.get(number, 0.0) + weight * frequency * (_K1 + 1) / (frequency + slowing)
    return scores


def _rarity(passages: Mapping[int, list[str]], term: str) -> float:
    having = sum(term in terms for terms in passages.values())
    return math.log1p((len(passages) - having + 0.5) / (having + 0.5))


def _require_vectors(passages: list[IndexedPassage], *others: NDArray[np.float32]) -> None:
    vectors = [one.vector for one in passages] + list(others)
    if len({vector.shape for vector in vectors}) > 1:
        message = "vectors of different lengths were given"
        raise ValueError(message)
    if not all(np.isfinite(vector).all() for vector in vectors):
        message = "a vector holds a value that is not finite"
        raise ValueError(message)
