"""One search over one state of a shard."""

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.analysis import terms_of
from lexora_gql.adapters.local_index.bm25 import rarity
from lexora_gql.adapters.local_index.folded import merged
from lexora_gql.adapters.local_index.rows import Mask, QueryTerm
from lexora_gql.adapters.local_index.state import ShardState, require_vector
from lexora_gql.ports.passage_index import Rankings, Scored

QUERY_TERMS_MAX = 64
"""A pasted page asks by its rarest terms; the common ones would hardly change the order."""


def search(
    state: ShardState, vector: NDArray[np.float32], words: str, documents: frozenset[UUID] | None, count: int
) -> Rankings:
    """Return the best passages of a state by meaning and by wording.

    Wording is scored with statistics of the whole shard, whatever the scope. How rare a term is counts what is left of
    both parts, exactly; the average length is the folded part's alone while there is one.

    Raises:
        ValueError: The vector is not one of this shard's.
    """
    require_vector(vector, state.dimensions)
    folded_mask, recent_mask = _masks(state, documents)
    terms = _query_terms(state, words)
    by_meaning = state.recent.by_meaning(vector, recent_mask, count) if recent_mask.any() else []
    by_wording = _recent_by_wording(state, terms, recent_mask, count)
    candidates = int(recent_mask.sum())
    if state.folded is not None:
        candidates += len(state.folded) if folded_mask is None else int(folded_mask.sum())
        by_meaning = merged(state.folded.by_meaning(vector, folded_mask, count), by_meaning, count)
        boosts = _boosts(state, terms)
        folded = state.folded.by_wording(terms, folded_mask, count, boosts=boosts, documents=documents)
        by_wording = merged(folded, by_wording, count)
    return Rankings(by_meaning, by_wording, candidates, state.revision)


def _masks(state: ShardState, documents: frozenset[UUID] | None) -> tuple[Mask | None, Mask]:
    """Return which rows of either part are left and in scope."""
    if documents is None:
        return state.folded_mask, state.recent_mask
    recent_mask = state.recent_mask & state.recent.mask_of(documents, len(state.recent_mask))
    if state.folded is None:
        return None, recent_mask
    scope = state.folded.mask_of(documents)
    return scope if state.folded_mask is None else scope & state.folded_mask, recent_mask


def _query_terms(state: ShardState, words: str) -> list[QueryTerm]:
    """Return the rarest terms of a query that occur in the shard, each once, rarest first."""
    total = state.folded_rows + state.recent_rows
    found = []
    for term in dict.fromkeys(terms_of(words)):
        folded = 0 if state.folded is None else state.folded.passages_with(term)
        recent = state.recent.passages_with(term, state.recent_mask)
        if passages := state.folded_with(term, folded) + recent:
            found.append(QueryTerm(term, folded, recent, rarity(total, passages)))
    found.sort(key=lambda one: (-one.weight, one.term))
    return found[:QUERY_TERMS_MAX]


def _recent_by_wording(state: ShardState, terms: list[QueryTerm], mask: Mask, count: int) -> list[Scored]:
    if not mask.any():
        return []
    return state.recent.by_wording(terms, mask, count, state.average_length)


def _boosts(state: ShardState, terms: list[QueryTerm]) -> list[float] | None:
    """Return what makes tantivy's own rarity that of what is left of the whole shard; None where it is already."""
    if state.folded is None or not (state.recent_rows or state.folded_mask is not None):
        return None
    total = len(state.folded)
    return [term.weight / rarity(total, min(term.folded_passages, total)) for term in terms]
