"""`lexora evaluate`: how well the settings find what a folder says is relevant; needs no server and no database.

What is measured is what a server does between a query and its hits: split, context, embedder, index, fusion and
reranker are the same, with vectors as PostgreSQL would give them back. What it costs to look hits up is not part of it.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.assembly.adapters import choose_embedder, choose_reranker
from lexora_gql.assembly.evaluation_sets import BadSet, EvaluationSet
from lexora_gql.documents.splitting import TooManyChunks, context, split
from lexora_gql.documents.vectors import from_bytes, to_bytes
from lexora_gql.ports.embedder import Embedder
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage
from lexora_gql.ports.reranker import Reranker, RerankerRejected, RerankerUnavailable
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.retrieval.evaluation import Quality, by_best_passage, mean, quality
from lexora_gql.retrieval.fusion import Fused, fuse
from lexora_gql.retrieval.reranking import reordered
from lexora_gql.retrieval.service import CANDIDATES
from lexora_gql.settings import MEBIBYTE, Settings

COLLECTION = UUID(int=1)

Tell = Callable[[str, int, int], None]
"""What is done now, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One way to order, over all queries.

    Attributes:
        seconds: Of each query, from its text to the order.
    """

    quality: Quality
    seconds: Sequence[float]

    def plain(self) -> dict[str, float]:
        """Return it under the names that people know the measures by."""
        return {
            "ndcg@10": self.quality.ndcg,
            "recall@10": self.quality.recall,
            "hit@4": self.quality.hit,
            "mrr": self.quality.reciprocal_rank,
            "p50_ms": float(np.percentile(self.seconds, 50)) * 1000,
            "p95_ms": float(np.percentile(self.seconds, 95)) * 1000,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured.

    Attributes:
        embedder: Its name.
        reranker: Its name; None where none is set.
        passages_per_second: Of the embedder.
        reranker_failures: Queries that stayed in the fused order.
        methods: By name: wording, meaning, fused, and reranked where there is a reranker.
    """

    embedder: str
    reranker: str | None
    passages: int
    passages_per_second: float
    reranker_failures: int
    methods: Mapping[str, MethodResult]

    def plain(self, label: str, measured_by: EvaluationSet) -> dict[str, Any]:
        """Return it as JSON has it, with what it was measured by."""
        return {
            "label": label,
            "set": measured_by.name,
            "documents": len(measured_by.documents),
            "queries": len(measured_by.queries),
            "queries_left_out": measured_by.left_out,
            "embedder": self.embedder,
            "reranker": self.reranker,
            "passages": self.passages,
            "passages_per_second": self.passages_per_second,
            "reranker_failures": self.reranker_failures,
            "methods": {name: result.plain() for name, result in self.methods.items()},
        }


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Passages by number, and the document of each."""

    owners: Sequence[str]
    texts: Sequence[str]


@dataclass(slots=True)
class _Measured:
    """What comes together query by query."""

    qualities: dict[str, list[Quality]]
    seconds: dict[str, list[float]]
    failures: int = 0

    def add(self, method: str, one: Quality, seconds: float) -> None:
        self.qualities.setdefault(method, []).append(one)
        self.seconds.setdefault(method, []).append(seconds)


async def evaluate(settings: Settings, measured_by: EvaluationSet, tell: Tell) -> Evaluation:
    """Measure what these settings find.

    Raises:
        BadSet: The documents hold no text, or one holds too much.
        EmbedderUnavailable: It does not answer.
        EmbedderRejected: It refuses a document or a query.
    """
    corpus = _cut(settings, measured_by)
    embedder, reranker = choose_embedder(settings), choose_reranker(settings)
    try:
        with tempfile.TemporaryDirectory(prefix="lexora-evaluate-") as folder:
            index = LocalIndex(Path(folder), settings.index_memory_mib * MEBIBYTE)
            try:
                rate = await _fill(index, embedder, corpus, settings.embedding_batch_size, tell)
                run = _Run(index, embedder, reranker, settings.rerank_candidates, corpus)
                measured = await run.measure(measured_by, tell)
            finally:
                await index.aclose()
    finally:
        await embedder.aclose()
        if reranker is not None:
            await reranker.aclose()
    methods = {
        name: MethodResult(mean(qualities), measured.seconds[name]) for name, qualities in measured.qualities.items()
    }
    name = reranker.name if reranker is not None else None
    return Evaluation(embedder.name, name, len(corpus.texts), rate, measured.failures, methods)


def _cut(settings: Settings, measured_by: EvaluationSet) -> _Corpus:
    owners: list[str] = []
    texts: list[str] = []
    for document in measured_by.documents:
        try:
            passages = split(
                ExtractedText(document.text),
                characters=settings.chunk_characters,
                overlap=settings.chunk_overlap_characters,
            )
        except TooManyChunks:
            raise BadSet(f"The document {document.id!r} is longer than any that is taken in.") from None
        owners += [document.id] * len(passages)
        texts += [context(document.title, "", passage.headings) + passage.text for passage in passages]
    if not texts:
        raise BadSet("No document of corpus.jsonl holds any text.")
    return _Corpus(owners, texts)


async def _fill(index: LocalIndex, embedder: Embedder, corpus: _Corpus, batch: int, tell: Tell) -> float:
    """Embed and index all passages; return how many were embedded a second."""
    total, seconds = len(corpus.texts), 0.0
    added: list[IndexedPassage] = []
    # The first text of all pays for what is read once.
    await embedder.embed(["warm"])
    ids = {document: UUID(int=at) for at, document in enumerate(dict.fromkeys(corpus.owners), 1)}
    for start in range(0, total, batch):
        tell("embedding", start, total)
        texts = corpus.texts[start : start + batch]
        began = time.perf_counter()
        vectors = await embedder.embed(texts)
        seconds += time.perf_counter() - began
        # As they come back from where they are stored.
        for at, (text, vector) in enumerate(zip(texts, from_bytes(to_bytes(vectors)), strict=True), start):
            added.append(IndexedPassage(at, ids[corpus.owners[at]], text, vector))
    tell("embedding", total, total)
    await index.apply(COLLECTION, embedder.name, IndexChanges(added), since=0, revision=1)
    return total / seconds if seconds else 0.0


@dataclass(frozen=True, slots=True)
class _Run:
    """Everything that queries go through."""

    index: LocalIndex
    embedder: Embedder
    reranker: Reranker | None
    rerank_candidates: int
    corpus: _Corpus

    async def measure(self, measured_by: EvaluationSet, tell: Tell) -> _Measured:
        measured = _Measured({}, {})
        for done, (query, text) in enumerate(measured_by.queries.items()):
            tell("searching", done, len(measured_by.queries))
            await self._one(text, measured_by.relevance[query], measured)
        tell("searching", len(measured_by.queries), len(measured_by.queries))
        return measured

    async def _one(self, text: str, relevance: Mapping[str, int], measured: _Measured) -> None:
        began = time.perf_counter()
        [vector] = await self.embedder.embed([text])
        embedded = time.perf_counter()
        found = await self.index.search(
            COLLECTION, self.embedder.name, vector=np.asarray(vector), words=text, documents=None, count=CANDIDATES
        )
        searched = time.perf_counter()
        fused = fuse([found], weight_of_meaning=self.embedder.weight)
        orders: dict[str, tuple[Sequence[int], float]] = {
            # Both lists come of one search, so neither can be timed alone; wording needs no vector.
            "wording": ([one.number for one in found.by_wording], searched - embedded),
            "meaning": ([one.number for one in found.by_meaning], searched - began),
            "fused": ([one.number for one in fused], time.perf_counter() - began),
        }
        if self.reranker is not None:
            numbers = await self._reranked(self.reranker, text, fused, measured)
            orders["reranked"] = (numbers, time.perf_counter() - began)
        for method, (numbers, seconds) in orders.items():
            documents = by_best_passage(numbers, self.corpus.owners)
            measured.add(method, quality(documents, relevance), seconds)

    async def _reranked(
        self, reranker: Reranker, text: str, fused: Sequence[Fused], measured: _Measured
    ) -> Sequence[int]:
        best = [one.number for one in fused[: self.rerank_candidates]]
        scores: Sequence[float] = ()
        try:
            if best:
                scores = await reranker.rerank(text, [self.corpus.texts[number] for number in best])
        except (RerankerUnavailable, RerankerRejected):
            measured.failures += 1
        return [one.number for one in reordered(fused, dict(zip(best, scores, strict=False))).order]
