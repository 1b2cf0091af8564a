"""How good an order of documents is, by what is known of their relevance."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

Relevance = Mapping[str, int]
"""How relevant each document is to one query; what is not named, or not above 0, is not relevant."""

CUT = 10
HIT_CUT = 4


@dataclass(frozen=True, slots=True)
class Quality:
    """The usual measures, each from 0 to 1; of one query, or means over many.

    Attributes:
        ndcg: Normalised discounted cumulative gain of the first ten, with the relevance as gain.
        recall: Share of the relevant documents that are among the first ten.
        hit: Whether a relevant one is among the first four, which is about what an answer is made of.
        reciprocal_rank: 1 divided by the place of the first relevant one, however far down; 0 where there is none.
    """

    ndcg: float
    recall: float
    hit: float
    reciprocal_rank: float


def quality(order: Sequence[str], relevance: Relevance) -> Quality:
    """Measure one query's order.

    Args:
        order: Documents, best first, each once.
        relevance: At least one document is relevant.

    Source:
        nDCG as trec_eval and BEIR have it: Järvelin and Kekäläinen, TOIS 2002, with linear gains.
    """
    gains = [max(relevance.get(document, 0), 0) for document in order]
    wanted = sorted((gain for gain in relevance.values() if gain > 0), reverse=True)
    first = next((place for place, gain in enumerate(gains, 1) if gain > 0), None)
    return Quality(
        ndcg=_discounted(gains[:CUT]) / _discounted(wanted[:CUT]),
        recall=sum(gain > 0 for gain in gains[:CUT]) / len(wanted),
        hit=float(any(gain > 0 for gain in gains[:HIT_CUT])),
        reciprocal_rank=1 / first if first else 0.0,
    )


def mean(qualities: Sequence[Quality]) -> Quality:
    """Return the mean of each measure over at least one query."""
    names = [each.name for each in fields(Quality)]
    return Quality(**{name: math.fsum(getattr(one, name) for one in qualities) / len(qualities) for name in names})


def by_best_passage(numbers: Iterable[int], owners: Sequence[str]) -> list[str]:
    """Return documents in the order of their best passages.

    Args:
        numbers: Passages, best first.
        owners: The document of each passage.
    """
    return list(dict.fromkeys(owners[number] for number in numbers))


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))
