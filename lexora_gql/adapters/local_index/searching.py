"""One search over one state of a shard."""

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.analysis import neighbours_of, terms_of
from lexora_gql.adapters.local_index.bm25 import rarity, term_score
from lexora_gql.adapters.local_index.folded import merged
from lexora_gql.adapters.local_index.function_words import is_function_word
from lexora_gql.adapters.local_index.rows import BM25_DECIMALS, Mask, QueryTerm, best
from lexora_gql.adapters.local_index.state import ShardState, require_vectors
from lexora_gql.ports.passage_index import Rankings, Scored

QUERY_TERMS_MAX = 64
"""A pasted page asks by its rarest terms; the common ones would hardly change the order."""

FUNCTION_WORD = 0.3
"""What the words that questions are built with count beside others as rare.

Measured as nDCG@10 by wording, in thousandths, counting 1, 0.3 and 0: XQuAD English 979 979 977, German 955 960 961,
Arabic 940 945 946, Chinese 974 975 975, JaQuAD the same, AWS 904 906 913; titles that are searched for their sections,
in six languages, on average 1 more at 0.3.
"""

NEARNESS = 0.2
LOOKED_AT = 20
"""What two terms side by side as in the query add to the best so many passages, as a share of the rarity of one.

It is the commoner one's rarity. It finds 2 to 5 more of a thousand on the sets above and as many less by titles;
people ask questions. It is not done in scripts without spaces, where pairs of characters are phrases already and it
does harm. What was tried beside and did not help everywhere: feedback from the best passages, other K1 and B, shares
of matched words, single characters or three of them for Chinese, Arabic stems by affixes (light10), evidence of a
document's other passages.
"""


def search(
    state: ShardState, vector: NDArray[np.float32], words: str, documents: frozenset[UUID] | None, count: int
) -> Rankings:
    """Return the best passages of a state by meaning and by wording.

    Wording is scored with statistics of the whole shard, whatever the scope. How rare a term is counts what is left of
    both parts, exactly; the average length is the folded part's alone while there is one.

    Raises:
        ValueError: The vector is not one of this shard's.
    """
    require_vectors([vector], state.dimensions)
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
    by_wording = _nearer_first(state, words, terms, by_wording)
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
            rare = rarity(total, passages)
            weight = FUNCTION_WORD * rare if is_function_word(term) else rare
            found.append(QueryTerm(term, folded, recent, rare, weight))
    found.sort(key=lambda one: (-one.weight, one.term))
    return found[:QUERY_TERMS_MAX]


def _nearer_first(state: ShardState, words: str, terms: list[QueryTerm], scored: list[Scored]) -> list[Scored]:
    """Look at the best again, and add to their scores what stands side by side as in the query."""
    rare = {term.term: term.rarity for term in terms}
    pairs = [pair for pair in neighbours_of(terms_of(words)) if pair[0] in rare and pair[1] in rare]
    wanted = {pair: NEARNESS * min(rare[term] for term in pair) for pair in pairs}
    looked_at = scored[:LOOKED_AT]
    if not wanted or not looked_at:
        return scored
    numbers = [one.number for one in looked_at]
    held = state.recent.terms(numbers) | ({} if state.folded is None else state.folded.terms(numbers))
    raised = [
        Scored(one.number, one.score + _near(held[one.number], wanted, state.average_length)) for one in looked_at
    ]
    rounded = [Scored(one.number, round(one.score, BM25_DECIMALS)) for one in raised]
    return best([*rounded, *scored[LOOKED_AT:]], len(scored))


def _near(terms: str, wanted: dict[tuple[str, str], float], average_length: float) -> float:
    # Counting in the text takes a tenth of the time that a list of pairs does. With two spaces, pairs do not overlap.
    text, length = f" {terms.replace(' ', '  ')} ", terms.count(" ") + 1
    counts = ((text.count(f" {first}  {second} "), weight) for (first, second), weight in wanted.items())
    return sum(
        term_score(count, length, average_length=average_length, weight=weight) for count, weight in counts if count
    )


def _recent_by_wording(state: ShardState, terms: list[QueryTerm], mask: Mask, count: int) -> list[Scored]:
    if not mask.any():
        return []
    return state.recent.by_wording(terms, mask, count, state.average_length)


def _boosts(state: ShardState, terms: list[QueryTerm]) -> list[float] | None:
    """Return what makes tantivy's own rarity the weight of each term; None where it is already."""
    if state.folded is None:
        return None
    total = len(state.folded)
    boosts = [term.weight / rarity(total, min(term.folded_passages, total)) for term in terms]
    # Without boosts, tantivy leaves out what cannot be among the best.
    return None if all(boost == 1.0 for boost in boosts) else boosts
