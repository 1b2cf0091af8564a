"""Brute force over PostgreSQL's rows: every score from its definition, with plain SQL and NumPy."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from lexora_gql.adapters.local_index.analysis import neighbours_of, terms_of
from lexora_gql.adapters.local_index.function_words import is_function_word
from lexora_gql.ports.passage_index import Scored
from lexora_gql.storage.database import Database

K1, B, FUNCTION_WORD, NEARNESS = 1.2, 0.75, 0.3, 0.2
# Kernels differ in the last bits, and both sides round.
COSINE_TOLERANCE = 2.5e-6
BM25_TOLERANCE = 1e-3

READABLE = """
SELECT chunks.number, chunks.collection_id, chunks.document_id, chunks.context || chunks.text AS content,
       chunks.vector, documents.tags
FROM chunks
JOIN documents ON documents.id = chunks.document_id
JOIN collections ON collections.id = chunks.collection_id
WHERE collections.owner_id = :viewer
   OR EXISTS (SELECT 1 FROM collection_members AS shared
              WHERE shared.collection_id = collections.id AND shared.user_id = :viewer)
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that somebody may read."""

    number: int
    document_id: UUID
    tags: tuple[str, ...]
    terms: Counter[tuple[str, ...]]
    vector: NDArray[np.float32]


async def readable(database: Database, viewer_id: UUID) -> dict[UUID, list[Passage]]:
    """Return all that somebody may read, by collection; as the owner of the tables, without row-level security."""
    found: dict[UUID, list[Passage]] = {}
    async with database.engine.connect() as connection:
        for row in await connection.execute(text(READABLE), {"viewer": viewer_id}):
            vector = np.frombuffer(row.vector, dtype="<f2").astype(np.float32)
            passage = Passage(
                row.number, row.document_id, tuple(row.tags), _counted(row.content), vector / _length(vector)
            )
            found.setdefault(row.collection_id, []).append(passage)
    return found


@lru_cache(maxsize=10_000)
def _counted(content: str) -> Counter[tuple[str, ...]]:
    """Return how often terms, and pairs of them side by side, occur."""
    terms = terms_of(content)
    return Counter([*((term,) for term in terms), *pairwise(terms)])


def _length(vector: NDArray[np.float32]) -> float:
    return float(np.sqrt((vector * vector).sum())) or 1.0


def cosines(passages: Sequence[Passage], vector: NDArray[np.float32]) -> dict[int, float]:
    """Return how alike each passage is to a query."""
    return {one.number: float(one.vector @ vector) for one in passages}


def bm25(passages: Sequence[Passage], inside: Sequence[Passage], words: str) -> dict[int, float]:
    """Score those of the passages inside that share a term, with statistics of them all."""
    return _scored(passages, inside, {(term,) for term in terms_of(words)})


def nearness(passages: Sequence[Passage], inside: Sequence[Passage], words: str) -> dict[int, float]:
    """Return what terms side by side as in the query add, where they count."""
    return _scored(passages, inside, set(neighbours_of(terms_of(words))))


def _scored(passages: Sequence[Passage], inside: Sequence[Passage], phrases: set[tuple[str, ...]]) -> dict[int, float]:
    lengths = {one.number: sum(n for key, n in one.terms.items() if len(key) == 1) for one in passages}
    average = sum(lengths.values()) / max(1, len(passages))
    scores: dict[int, float] = {}
    for phrase in phrases:
        weight = min(_rarity(passages, term) for term in phrase)
        weight *= NEARNESS if len(phrase) > 1 else FUNCTION_WORD if is_function_word(phrase[0]) else 1.0
        for one in inside:
            if frequency := one.terms[phrase]:
                slowing = K1 * (1 - B + B * lengths[one.number] / average)
                scores[one.number] = scores.get(one.number, 0.0) + weight * frequency * (K1 + 1) / (frequency + slowing)
    return scores


def _rarity(passages: Sequence[Passage], term: str) -> float:
    having = sum((term,) in one.terms for one in passages)
    return math.log1p((len(passages) - having + 0.5) / (having + 0.5))


def without(found: Sequence[Scored], added: Mapping[int, float], expected: Mapping[int, float]) -> list[Scored]:
    """Return a ranking as it was before what was added to its best, which are those that score more than expected."""
    before = [
        Scored(one.number, one.score - added[one.number])
        if one.number in added and one.score > expected.get(one.number, math.inf) + added[one.number] / 2
        else one
        for one in found
    ]
    return sorted(before, key=lambda one: (-one.score, one.number))


def difference(found: Sequence[Scored], expected: Mapping[int, float], count: int, tolerance: float) -> str | None:
    """Return in what a ranking differs from the best `count` by the scores expected; None where in nothing.

    Scores may differ by the tolerance, relative above 1. The order must be that of its own scores, ties by number, and
    nothing may be left out that is clearly better than the last one listed.
    """
    return _shape(found, expected, count) or _scores(found, expected, tolerance)


def _shape(found: Sequence[Scored], expected: Mapping[int, float], count: int) -> str | None:
    numbers = [one.number for one in found]
    if strange := set(numbers) - set(expected):
        return f"{sorted(strange)} do not belong there"
    if len(set(numbers)) < len(numbers):
        return "a passage is listed twice"
    if len(found) != min(count, len(expected)):
        return f"{len(found)} of {min(count, len(expected))} are listed"
    if list(found) != sorted(found, key=lambda one: (-one.score, one.number)):
        return "the order is not that of the scores"
    return None


def _scores(found: Sequence[Scored], expected: Mapping[int, float], tolerance: float) -> str | None:
    for one in found:
        if abs(one.score - expected[one.number]) > tolerance * max(1.0, abs(expected[one.number])):
            return f"{one.number} scores {one.score:.6f} instead of {expected[one.number]:.6f}"
    listed = {one.number for one in found}
    last = min((expected[number] for number in listed), default=0.0)
    slack = 2 * tolerance * max(1.0, abs(last))
    if missed := [number for number, score in expected.items() if score > last + slack and number not in listed]:
        return f"{sorted(missed)} are better than the last one listed"
    return None
