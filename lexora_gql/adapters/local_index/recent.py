"""Rows that are searched by plain arithmetic: what came since the last fold, and the whole of a small shard."""

from collections import Counter
from collections.abc import Iterator, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.bm25 import coarse_length, term_scores
from lexora_gql.adapters.local_index.rows import BM25_DECIMALS, COSINE_DECIMALS, Mask, QueryTerm, Row, best_of_arrays
from lexora_gql.ports.passage_index import Scored

_ROW_SHIFT = 16
_FREQUENCY_MAX = (1 << _ROW_SHIFT) - 1
_POSTING_BYTES = 40
_TERM_BYTES = 200
_ROW_BYTES = 300


class RecentRows:
    """A log that one thread at a time appends to while others search a prefix of it.

    A row is written completely before the state that counts it is published, and nothing written is ever changed:
    readers need no lock, they only leave out rows beyond the count they know. The lists of rows per term are copied in
    one step under the interpreter's lock.
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.numbers: dict[int, int] = {}
        self._documents: dict[UUID, list[int]] = {}
        self._row_documents: list[UUID] = []
        self._row_terms: list[str] = []
        self._vectors: NDArray[np.float32] = np.empty((16, dimensions), dtype=np.float32)
        self._row_numbers: NDArray[np.int64] = np.empty(16, dtype=np.int64)
        self._lengths: NDArray[np.float64] = np.empty(16, dtype=np.float64)
        self._postings: dict[str, list[int]] = {}
        self._posting_count = 0
        self._terms_bytes = 0

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows at the end."""
        self._reserve(len(self) + len(rows))
        for row in rows:
            at = len(self)
            self._vectors[at] = row.vector
            self._row_numbers[at] = row.number
            self._lengths[at] = coarse_length(row.length)
            for term, frequency in Counter(row.terms.split()).items():
                self._postings.setdefault(term, []).append((at << _ROW_SHIFT) | min(frequency, _FREQUENCY_MAX))
                self._posting_count += 1
            self._terms_bytes += len(row.terms)
            self._documents.setdefault(row.document_id, []).append(at)
            self.numbers[row.number] = at
            self._row_terms.append(row.terms)
            self._row_documents.append(row.document_id)

    def __len__(self) -> int:
        return len(self._row_documents)

    @property
    def memory_bytes(self) -> int:
        """About how much memory the rows take."""
        return (
            len(self._lengths) * 4 * self.dimensions
            + len(self) * _ROW_BYTES
            + len(self._postings) * _TERM_BYTES
            + self._posting_count * _POSTING_BYTES
            + self._terms_bytes
        )

    def alive(self, mask: Mask) -> Iterator[Row]:
        """Yield the rows that a mask leaves."""
        for at in np.flatnonzero(mask):
            number, document_id, terms = int(self._row_numbers[at]), self._row_documents[at], self._row_terms[at]
            yield Row(number, document_id, self._vectors[at], terms, terms.count(" ") + 1 if terms else 0)

    def mask_of(self, documents: frozenset[UUID], count: int) -> Mask:
        """Return which of the first `count` rows belong to these documents."""
        mask = np.zeros(count, dtype=np.bool_)
        if len(documents) < len(self._documents):
            found = [self._documents.get(document, ()) for document in documents]
        else:
            found = [rows for document, rows in list(self._documents.items()) if document in documents]
        for rows in found:
            mask[[row for row in rows[:] if row < count]] = True
        return mask

    def mask_of_removed(self, document_id: UUID, up_to_number: int, count: int) -> Mask:
        """Return which of the first `count` rows belong to a document and are numbered up to a bound."""
        mask = self.mask_of(frozenset((document_id,)), count)
        mask &= self._row_numbers[:count] <= up_to_number
        return mask

    def total_length(self, mask: Mask) -> float:
        """Return how many terms the rows of a mask have together."""
        return float(self._lengths[: len(mask)][mask].sum())

    def passages_with(self, term: str, mask: Mask) -> int:
        """Return in how many rows of a mask a term occurs."""
        return len(self._occurrences(term, mask)[0])

    def by_meaning(self, vector: NDArray[np.float32], mask: Mask, count: int) -> list[Scored]:
        """Return the best rows of a mask by dot product."""
        at = np.flatnonzero(mask)
        if not len(at):
            return []
        scores = self._vectors[: len(mask)] @ vector
        return best_of_arrays(self._row_numbers[at], scores[at], count, COSINE_DECIMALS)

    def by_wording(self, terms: Sequence[QueryTerm], mask: Mask, count: int, average_length: float) -> list[Scored]:
        """Return the best rows of a mask by BM25."""
        scores = np.zeros(len(mask), dtype=np.float64)
        for term in terms:
            if term.recent_passages:
                at, frequencies = self._occurrences(term.term, mask)
                lengths = self._lengths[at]
                scores[at] += term_scores(frequencies, lengths, average_length=average_length, weight=term.weight)
        found = np.flatnonzero(scores)
        return best_of_arrays(self._row_numbers[found], scores[found], count, BM25_DECIMALS)

    def terms(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the terms of those of the passages that are here."""
        return {number: self._row_terms[self.numbers[number]] for number in numbers if number in self.numbers}

    def _occurrences(self, term: str, mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        packed = np.array(self._postings.get(term, ())[:], dtype=np.int64)
        at = packed >> _ROW_SHIFT
        known = at < len(mask)
        at, packed = at[known], packed[known]
        kept = mask[at]
        return at[kept], (packed[kept] & _FREQUENCY_MAX).astype(np.float64)

    def _reserve(self, count: int) -> None:
        """Make room; searches go on in the arrays they have, which hold all the rows they know."""
        room = len(self._lengths)
        if count <= room:
            return
        room = max(count, 2 * room)
        used = len(self)
        vectors = np.empty((room, self.dimensions), dtype=np.float32)
        numbers, lengths = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.float64)
        vectors[:used], numbers[:used], lengths[:used] = (
            self._vectors[:used],
            self._row_numbers[:used],
            self._lengths[:used],
        )
        self._vectors, self._row_numbers, self._lengths = vectors, numbers, lengths
