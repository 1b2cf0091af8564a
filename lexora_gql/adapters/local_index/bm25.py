"""BM25 as tantivy computes it, so that scores of rows that are not in tantivy yet compare with those that are."""

import math

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75


def rarity(passages: int, with_term: int) -> float:
    """Return the weight of a term that stands in `with_term` of so many passages; always above 0."""
    return math.log1p((passages - with_term + 0.5) / (with_term + 0.5))


def term_scores(
    frequencies: NDArray[np.float64], lengths: NDArray[np.float64], *, average_length: float, weight: float
) -> NDArray[np.float64]:
    """Return what a term of this rarity adds to the score of each passage.

    Args:
        frequencies: How often the term occurs in each.
        lengths: Of the passages, in terms, as `coarse_length` gives them.
        average_length: Over the shard.
        weight: `rarity` of the term.
    """
    slowing = K1 * (1 - B + B * lengths / max(average_length, 1.0))
    scores: NDArray[np.float64] = weight * (1 + K1) * frequencies / (frequencies + slowing)
    return scores


def term_score(frequency: int, length: int, *, average_length: float, weight: float) -> float:
    """Return what a term adds to the score of one passage of this length."""
    slowing = K1 * (1 - B + B * coarse_length(length) / max(average_length, 1.0))
    return weight * (1 + K1) * frequency / (frequency + slowing)


def _decoded(code: int) -> int:
    """Return the length that a byte stands for, in the 4-bit floating point of Lucene and tantivy."""
    rest = code - 24
    if rest < 0:
        return code
    bits, shift = rest & 7, (rest >> 3) - 1
    return 24 + (bits if shift < 0 else (bits | 8) << shift)


_LENGTHS = np.array([_decoded(code) for code in range(256)], dtype=np.int64)


def coarse_length(length: int) -> int:
    """Return a length as tantivy stores it: in one byte, rounded down, exact up to 40."""
    return int(_LENGTHS[np.searchsorted(_LENGTHS, length, side="right") - 1])
