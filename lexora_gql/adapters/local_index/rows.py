"""What the parts of a shard have in common: rows in, scored numbers out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lexora_gql.ports.passage_index import Scored

Mask = NDArray[np.bool_]

COSINE_DECIMALS = 6
BM25_DECIMALS = 4
"""Float sums differ in their last bits from one kernel to the next; rounded, equal texts tie and numbers decide."""


@dataclass(frozen=True, slots=True)
class Row:
    """A passage ready to be indexed.

    Attributes:
        number: Unique in the shard.
        document_id: Whose passage it is.
        vector: Shape (dimensions,), float32.
        terms: As often as they occur; joined by spaces.
        length: How many terms there are.
    """

    number: int
    document_id: UUID
    vector: NDArray[np.float32]
    terms: str
    length: int


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A term that occurs in the shard.

    Attributes:
        term: As `terms_of` gives it.
        folded_passages: In how many passages of the folded part.
        recent_passages: In how many recent rows.
        rarity: Over both parts.
        weight: That, or less for a word that questions are built with.
    """

    term: str
    folded_passages: int
    recent_passages: int
    rarity: float
    weight: float


def best(scored: Sequence[Scored], count: int) -> list[Scored]:
    """Return the best `count`, ties by number."""
    return sorted(scored, key=lambda one: (-one.score, one.number))[:count]


def best_of_arrays(numbers: NDArray[np.int64], scores: NDArray[np.floating], count: int, decimals: int) -> list[Scored]:
    """Return the best `count` of two parallel arrays, scores rounded, ties by number."""
    rounded = np.round(scores.astype(np.float64), decimals)
    order = np.lexsort((numbers, -rounded))[:count]
    return list(map(_scored, zip(numbers[order].tolist(), rounded[order].tolist(), strict=True)))


# Past the named constructor, in a quarter of the time: each search makes hundreds.
_scored = cast("Callable[[tuple[int, float]], Scored]", partial(tuple.__new__, Scored))
