"""Putting the best passages in the order of a reranker, where one is set and answers in time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.breaker import Attempt, Breaker, Resting
from lexora_gql.ports.reranker import Reranker, RerankerRejected, RerankerUnavailable
from lexora_gql.retrieval.fusion import Fused
from lexora_gql.retrieval.reading import Reading
from lexora_gql.retrieval.scope import Scope
from lexora_gql.telemetry.metrics import Metrics

FAILURES_MAX = 3
REST_SECONDS = 30.0

log = structlog.get_logger(__name__)


def rest() -> Breaker:
    """Return what leaves a service alone that has failed three times in a row, or asked for it.

    Each try may take all its time.
    """
    return Breaker(FAILURES_MAX, REST_SECONDS)


@dataclass(frozen=True, slots=True)
class Reranked:
    """An order of chunks.

    Attributes:
        order: What fusion gave, each with its score; best first.
        scores: The reranker's, by chunk number; empty where it was not asked or did not answer.
    """

    order: Sequence[Fused]
    scores: Mapping[int, float]


def reordered(fused: Sequence[Fused], scores: Mapping[int, float]) -> Reranked:
    """Put those with a reranker's score first, best first, ties as fused; the rest stays in its order behind them.

    A `score` orders the whole result: a reranker's as it is, and for the rest what falls on from the lowest of them.
    """
    if not scores:
        return Reranked(fused, {})
    first = sorted((one for one in fused if one.number in scores), key=lambda one: -scores[one.number])
    rest = [one for one in fused if one.number not in scores]
    lowest = min(scores.values())
    order = [_scored(one, scores[one.number]) for one in first]
    order += [_scored(one, lowest - 1.0 - (rest[0].score - one.score)) for one in rest]
    return Reranked(order, scores)


def _scored(one: Fused, score: float) -> Fused:
    return one._replace(score=score)


@dataclass(frozen=True, slots=True)
class Reranking:
    """Asks the reranker; one instance serves every search of a process.

    Attributes:
        reranker: None where none is set.
        candidates: How many of the best it is asked about.
    """

    reading: Reading
    metrics: Metrics
    reranker: Reranker | None = None
    candidates: int = 30
    breaker: Breaker = field(default_factory=rest)

    async def order(self, viewer: Viewer, words: str, fused: Sequence[Fused], scope: Scope) -> Reranked:
        """Return the reranker's order, or the fused one where there is no reranker or it fails.

        Only what the viewer may read at this moment is sent; what is deleted while the reranker thinks has to be left
        out by whoever looks the chunks up afterwards.
        """
        if self.reranker is None or not fused:
            return Reranked(fused, {})
        try:
            with self.breaker.attempt() as attempt:
                texts = await self._texts(viewer, fused, scope)
                scores = await self._asked(self.reranker, words, texts, attempt) if texts else {}
                return reordered(fused, scores)
        except Resting:
            self.metrics.reranks_total.labels(outcome="resting").inc()
            return Reranked(fused, {})

    async def _texts(self, viewer: Viewer, fused: Sequence[Fused], scope: Scope) -> Mapping[int, str]:
        best = [one.number for one in fused[: self.candidates]]
        stored = await self.reading.chunks(viewer, best, scope)
        # In the fused order, so that what a service cuts off is what matters least.
        there = [stored[number].chunk for number in best if number in stored]
        return {chunk.number: chunk.context + chunk.text for chunk in there}

    async def _asked(
        self, reranker: Reranker, words: str, texts: Mapping[int, str], attempt: Attempt
    ) -> Mapping[int, float]:
        started = time.perf_counter()
        try:
            scores = await reranker.rerank(words, list(texts.values()))
        except (RerankerUnavailable, RerankerRejected) as error:
            outcome = "unavailable" if isinstance(error, RerankerUnavailable) else "rejected"
            attempt.failed(getattr(error, "retry_after_seconds", None))
            log.warning("reranker_failed", reranker=reranker.name, outcome=outcome, reason=str(error))
            scores = ()
        else:
            outcome = "ok"
            attempt.succeeded()
        self.metrics.reranks_total.labels(outcome=outcome).inc()
        self.metrics.rerank_duration_seconds.observe(time.perf_counter() - started)
        return dict(zip(texts, scores, strict=True)) if scores else {}
