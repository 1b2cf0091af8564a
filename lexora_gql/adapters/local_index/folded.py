"""The folded part of a shard: FAISS and tantivy side by side, never changed once it is there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import tantivy
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.flat import SPARE, FlatVectors
from lexora_gql.adapters.local_index.rows import (
    BM25_DECIMALS,
    COSINE_DECIMALS,
    Mask,
    QueryTerm,
    best,
    best_of_arrays,
)
from lexora_gql.ports.passage_index import Scored

_CLAUSE_SHARE_MAX = 0.2
"""Scopes below this share of the shard are a clause of the query, larger ones are looked for in longer and longer
lists; both are exact, and this is about where their times cross."""

_TOKENIZER = "lexora_terms"
_DOCUMENT_BITS = (1 << 64) - 1


def words_schema() -> tantivy.Schema:
    """Return the fields: terms with frequencies, the passage's number, and 64 bits of its document's id.

    The terms are stored as well, so that a fold can leave removed passages out without a trace.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("terms", stored=True, tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_unsigned_field("number", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True)
    return builder.build()


def open_words(folder: Path, *, is_new: bool = False) -> tantivy.Index:
    """Open a tantivy index whose terms are parted by spaces.

    Raises:
        ValueError: There is none, or it is damaged.
    """
    words = tantivy.Index(words_schema(), path=str(folder)) if is_new else tantivy.Index.open(str(folder))
    words.register_tokenizer(_TOKENIZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    words.config_reader("manual")
    return words


def document_key(document_id: UUID) -> int:
    """Return what tantivy knows a document by; rows decide where two documents share it."""
    return document_id.int & _DOCUMENT_BITS


@dataclass(frozen=True, slots=True)
class FoldedRows:
    """What is known of each row, by position.

    Attributes:
        numbers: Ascending, int64.
        owners: Place of the row's document in `documents`, int32.
        lengths: In terms, int32.
        documents: Each once.
    """

    numbers: NDArray[np.int64]
    owners: NDArray[np.int32]
    lengths: NDArray[np.int32]
    documents: tuple[UUID, ...]


class Folded:
    """Searches from many threads at once; masks say which rows count, None for all."""

    def __init__(self, rows: FoldedRows, meaning: FlatVectors, words: tantivy.Index, words_bytes: int) -> None:
        self.rows = rows
        self.meaning = meaning
        self.average_length = float(rows.lengths.mean()) if len(rows.lengths) else 0.0
        self._places = {document: place for place, document in enumerate(rows.documents)}
        self._has_namesakes = len({document_key(document) for document in rows.documents}) < len(rows.documents)
        self._words = words
        self._searcher = words.searcher()
        self._words_bytes = words_bytes

    def __len__(self) -> int:
        return len(self.rows.numbers)

    @property
    def memory_bytes(self) -> int:
        """About how much memory it takes, tantivy's mapped files included."""
        return len(self) * (4 * self.meaning.dimensions + 16) + len(self.rows.documents) * 200 + self._words_bytes

    def mask_of(self, documents: frozenset[UUID]) -> Mask:
        """Return which rows belong to these documents."""
        smaller, larger = sorted((documents, self._places.keys()), key=len)
        wanted = np.zeros(len(self.rows.documents), dtype=np.bool_)
        wanted[[self._places[document] for document in smaller if document in larger]] = True
        mask: Mask = wanted[self.rows.owners]
        return mask

    def mask_of_removed(self, document_id: UUID, up_to_number: int) -> Mask | None:
        """Return which rows belong to a document and are numbered up to a bound; None where there are none."""
        place = self._places.get(document_id)
        if place is None:
            return None
        mask: Mask = (self.rows.owners == place) & (self.rows.numbers <= up_to_number)
        return mask if mask.any() else None

    def holds(self, numbers: NDArray[np.int64]) -> Mask:
        """Return which of these numbers are rows here, removed or not."""
        if not len(self):
            return np.zeros(len(numbers), dtype=np.bool_)
        at = np.minimum(np.searchsorted(self.rows.numbers, numbers), len(self) - 1)
        mask: Mask = self.rows.numbers[at] == numbers
        return mask

    def stored_terms(self, mask: Mask) -> Iterator[tuple[int, str]]:
        """Yield position and terms of each row of a mask."""
        hits = self._searcher.search(tantivy.Query.all_query(), max(len(self), 1), count=False).hits
        addresses = [address for _, address in hits]
        numbers = np.array(self._searcher.fast_field_values("number", addresses), dtype=np.int64)
        for at, address in zip(np.searchsorted(self.rows.numbers, numbers).tolist(), addresses, strict=True):
            if mask[at]:
                yield at, str(self._searcher.doc(address).get_first("terms") or "")

    def terms(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the terms of those of the passages that are here."""
        schema = self._words.schema
        # A fifth of the time of a set of terms, which is made for thousands.
        clauses = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "number", one)) for one in numbers]
        query = tantivy.Query.boolean_query(clauses)
        addresses = [address for _, address in self._searcher.search(query, len(numbers), count=False).hits]
        found = np.array(self._searcher.fast_field_values("number", addresses), dtype=np.int64)
        stored = (str(self._searcher.doc(address).get_first("terms") or "") for address in addresses)
        return dict(zip(found.tolist(), stored, strict=True))

    def passages_with(self, term: str) -> int:
        """Return in how many passages a term occurs, those removed since the last fold included."""
        return int(self._searcher.doc_freq("terms", term))

    def removed_with(self, term: str, mask: Mask, documents: Iterable[UUID]) -> int:
        """Return in how many rows a term occurs that a mask leaves out.

        Args:
            term: As `terms_of` gives it.
            mask: Of the rows that are left.
            documents: Whose rows it leaves out, if not all of each.
        """
        here = frozenset(document for document in documents if document in self._places)
        if not here:
            return 0
        theirs = self.mask_of(here)
        query = self._within(tantivy.Query.term_query(self._words.schema, "terms", term, "freq"), here)
        if not self._has_namesakes and not (theirs & mask).any():
            counted = self._searcher.search(query, 1, count=True)
            return int(counted.count or 0)  # type: ignore[attr-defined]  # which the wheel's types leave out
        most = len(self) if self._has_namesakes else int(theirs.sum())
        hits = self._searcher.search(query, max(most, 1), count=False).hits
        found = self._searcher.fast_field_values("number", [address for _, address in hits])
        at = np.searchsorted(self.rows.numbers, np.array(found, dtype=np.int64))
        return int((~mask[at]).sum())

    def by_meaning(self, vector: NDArray[np.float32], mask: Mask | None, count: int) -> list[Scored]:
        """Return the best rows by dot product, exactly."""
        at, scores = self.meaning.search(vector, mask, count)
        return best_of_arrays(self.rows.numbers[at], scores, count, COSINE_DECIMALS)

    def by_wording(
        self,
        terms: Sequence[QueryTerm],
        mask: Mask | None,
        count: int,
        *,
        boosts: Sequence[float] | None,
        documents: frozenset[UUID] | None,
    ) -> list[Scored]:
        """Return the best rows by BM25, exactly.

        Args:
            terms: Those that occur here are looked for.
            mask: Rows that count.
            count: Most rows to return.
            boosts: By term, what tantivy's own rarity is multiplied by; None where it is right as it is.
            documents: The scope that `mask` was made from, if any.
        """
        room = len(self) if mask is None else int(mask.sum())
        query = self._query(terms, boosts)
        if not room or query is None:
            return []
        if documents is not None and room < _CLAUSE_SHARE_MAX * len(self):
            query = self._within(query, documents)
        limit = min(count + SPARE, len(self))
        while True:
            hits = self._searcher.search(query, limit, count=False).hits
            scores = np.array([score for score, _ in hits], dtype=np.float64)
            found = self._searcher.fast_field_values("number", [address for _, address in hits])
            numbers = np.array(found, dtype=np.int64)
            kept = slice(None) if mask is None else mask[np.searchsorted(self.rows.numbers, numbers)]
            ranked = best_of_arrays(numbers[kept], scores[kept], count, BM25_DECIMALS)
            is_all = len(hits) < limit or limit >= len(self)
            if is_all or (len(ranked) == count and ranked[-1].score > round(float(scores[-1]), BM25_DECIMALS)):
                return ranked
            limit = min(4 * limit, len(self))

    def _query(self, terms: Sequence[QueryTerm], boosts: Sequence[float] | None) -> tantivy.Query | None:
        clauses: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for at, term in enumerate(terms):
            if term.folded_passages:
                query = tantivy.Query.term_query(self._words.schema, "terms", term.term, "freq")
                if boosts is not None:
                    query = tantivy.Query.boost_query(query, boosts[at])
                clauses.append((tantivy.Occur.Should, query))
        return tantivy.Query.boolean_query(clauses) if clauses else None

    def _within(self, query: tantivy.Query, documents: frozenset[UUID]) -> tantivy.Query:
        keys = [document_key(document) for document in documents if document in self._places]
        scope = tantivy.Query.term_set_query(self._words.schema, "document", keys)
        unscored = tantivy.Query.const_score_query(scope, 0.0)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, unscored), (tantivy.Occur.Must, query)])


def merged(first: list[Scored], second: list[Scored], count: int) -> list[Scored]:
    """Return the best of two lists that are sorted already."""
    return best([*first, *second], count) if first and second else (first or second)
