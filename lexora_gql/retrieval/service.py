"""Finding the passages that bear on a question."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.generations.serving import Serving
from lexora_gql.documents.models import Chunk, Document
from lexora_gql.errors import Unavailable, require_length, require_range
from lexora_gql.ports.embedder import Embedder, FormerEmbedders, no_other
from lexora_gql.ports.passage_index import PassageIndex
from lexora_gql.ports.reranker import Reranker
from lexora_gql.ports.shared_cache import SharedCache
from lexora_gql.retrieval.fusion import Fused, fuse
from lexora_gql.retrieval.meaning import Meanings, VectorsSwapped
from lexora_gql.retrieval.query_vectors import QueryVectors
from lexora_gql.retrieval.ranking import Ranker
from lexora_gql.retrieval.ranking_cache import Ranked, RankingCache
from lexora_gql.retrieval.reading import Reading, StoredChunk
from lexora_gql.retrieval.reading_on import ReadingOn
from lexora_gql.retrieval.repeats import Repeats
from lexora_gql.retrieval.repository import Searchable
from lexora_gql.retrieval.reranking import Reranked, Reranking
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.database import Database
from lexora_gql.telemetry.metrics import Metrics

QUERY_CHARACTERS_MAX = 2_000
HITS_MAX = 100
CANDIDATES = 100
SPARE = 4
# Vectors are exchanged hardly ever; twice in a row means that something else is wrong.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found.

    Attributes:
        document: The chunk's.
        score: Orders one result and means nothing outside it.
        semantic_rank: 1 for the best by meaning; None where it is not among those.
        lexical_rank: 1 for the best by wording; None where it is not among those.
        fused_rank: Its place once the two were fused.
        rerank_score: What the reranker gave it; None where it was not asked about this passage, or failed.
        likeness: Cosine with the query, where it was found by meaning.
    """

    chunk: Chunk
    document: Document
    score: float
    semantic_rank: int | None
    lexical_rank: int | None
    fused_rank: int
    rerank_score: float | None
    likeness: float | None

    @property
    def filename(self) -> str:
        """Return the name of the chunk's document's file."""
        return self.document.filename


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        candidates: Chunks searched, after scope.
    """

    hits: tuple[Hit, ...]
    candidates: int
    took_milliseconds: float


@dataclass(frozen=True, slots=True)
class RetrievalService:
    """Use cases on passages; one instance serves every request.

    Attributes:
        former: Gives embedders that are not configured any more, for the vectors of theirs that still serve.
        cache_seconds: How long searches are remembered; 0 remembers none.
        reranker: None where none is set.
        rerank_candidates: How many of the best passages the reranker is asked about.
        reading_on: Reads what comes in before it is searched for.
    """

    database: Database
    embedder: Embedder
    index: PassageIndex
    cache: SharedCache
    metrics: Metrics
    former: FormerEmbedders = no_other
    cache_seconds: int = 0
    reranker: Reranker | None = None
    rerank_candidates: int = 30
    reading_on: ReadingOn = field(init=False, repr=False)
    _reading: Reading = field(init=False, repr=False)
    _meanings: Meanings = field(init=False, repr=False)
    _ranker: Ranker = field(init=False, repr=False)
    _remembered: RankingCache = field(init=False, repr=False)
    _reranking: Reranking = field(init=False, repr=False)

    def __post_init__(self) -> None:
        vectors = QueryVectors(self.cache, self.metrics, is_on=self.cache_seconds > 0)
        object.__setattr__(self, "_meanings", Meanings(self.embedder, self.former, vectors))
        object.__setattr__(self, "_ranker", Ranker(self.database, self.index))
        object.__setattr__(self, "reading_on", ReadingOn(self.database, self._ranker, self.embedder))
        object.__setattr__(self, "_remembered", RankingCache(self.cache, self.metrics, self.cache_seconds))
        reading = Reading(self.database, self.embedder.name)
        object.__setattr__(self, "_reading", reading)
        reranking = Reranking(reading, self.metrics, self.reranker, self.rerank_candidates)
        object.__setattr__(self, "_reranking", reranking)

    async def search(self, viewer: Viewer, query: str, *, first: int, scope: Scope) -> Found:
        """Return the passages that bear most on a query, best first.

        Args:
            viewer: Whose collections to search; nothing else is ever returned.
            query: Natural language, 1 to 2,000 characters once stripped.
            first: Most passages to return, 1 to 100.
            scope: Collections, documents and tags that all must hold.

        Raises:
            InvalidInput: `query` or `first` is outside its bounds.
            Unavailable: The embedder failed; worth retrying.
            IndexLoading: A large collection is being loaded for the first time.

        Source:
            Convex combination of normalised scores, Bruch et al., TOIS 2023; see `fuse`.
        """
        started = time.perf_counter()
        words = require_length("query", query.strip(), low=1, high=QUERY_CHARACTERS_MAX)
        require_range("first", first, low=1, high=HITS_MAX)

        for _ in range(TRIES):
            with suppress(VectorsSwapped):
                hits, candidates = await self._found(viewer, words, first, scope)
                seconds = time.perf_counter() - started
                self.metrics.search_duration_seconds.observe(seconds)
                return Found(tuple(hits), candidates, seconds * 1000)
        message = "The vectors are being exchanged; try again."
        raise Unavailable(message)

    async def _found(self, viewer: Viewer, words: str, first: int, scope: Scope) -> tuple[list[Hit], int]:
        serving, places = await self._reading.searchable(viewer, scope)
        ranked, keeping = await self._ranked(viewer, serving, places, words, max(CANDIDATES, first))
        fused = fuse(ranked.rankings, weight_of_meaning=ranked.weight)
        # The reranker is remote and slow; what was deleted while it was asked is left out when hits are looked up.
        reranked = await self._reranking.order(viewer, words, fused, scope)
        placed = _Placed({number: rank for rank, number in enumerate(fused.numbers, 1)}, reranked)
        hits = await self._stored(viewer, placed, scope=scope, first=first)
        if keeping is not None:
            await keeping
        return hits, sum(ranking.candidates for ranking in ranked.rankings)

    async def _ranked(
        self, viewer: Viewer, serving: Serving, places: Sequence[Searchable], words: str, count: int
    ) -> tuple[Ranked, asyncio.Future[None] | None]:
        """Return what the index says, or is remembered to have said; and what is still remembering it."""
        key = self._remembered.key(serving, places, words, count)
        remembered = await self._remembered.get(viewer, key)
        if remembered is not None:
            return remembered, None
        # The embedder may be remote and slow, so no transaction is open while we wait for it.
        meaning = await self._meanings.of(viewer, serving, words)
        ranked = Ranked(await self._ranker.rank_all(places, meaning, words, count), meaning.weight)
        # By wording alone is an embedder that is away for the moment: the next search tries it again.
        if meaning.is_by_wording:
            return ranked, None
        return ranked, asyncio.ensure_future(self._remembered.put(viewer, key, places, ranked))

    async def _stored(self, viewer: Viewer, placed: "_Placed", *, scope: Scope, first: int) -> list[Hit]:
        """Look the best up: an index may still remember what storage has forgotten, or what was just unshared.

        What nearly repeats a better hit comes after all that does not, so that copies do not fill the first page.
        """
        fresh: list[tuple[StoredChunk, Fused]] = []
        repeated: list[tuple[StoredChunk, Fused]] = []
        repeats = Repeats()
        order, start = placed.reranked.order, 0
        while len(fresh) < first and start < len(order):
            # Almost always all are there and differ, so a few more than wanted are enough; copies come in numbers.
            batch = order[start : start + first - len(fresh) + SPARE + len(repeated)]
            start += len(batch)
            stored = await self._reading.chunks(viewer, [best.number for best in batch], scope)
            for best in batch:
                if (found := stored.get(best.number)) is not None:
                    (repeated if repeats.is_one(found.chunk.text) else fresh).append((found, best))
        # What is moved behind scores no more than what stands before it: scores go down along the list.
        lowest = min((best.score for _, best in fresh), default=0.0)
        behind = [(found, best._replace(score=min(best.score, lowest))) for found, best in repeated]
        return [_hit(found, best, placed) for found, best in [*fresh, *behind][:first]]


@dataclass(frozen=True, slots=True)
class _Placed:
    """All that is known of places: what hits are made of.

    Attributes:
        fused_ranks: By chunk number.
    """

    fused_ranks: Mapping[int, int]
    reranked: Reranked


def _hit(stored: StoredChunk, best: Fused, placed: _Placed) -> Hit:
    return Hit(
        stored.chunk,
        stored.document,
        best.score,
        best.semantic_rank,
        best.lexical_rank,
        placed.fused_ranks[best.number],
        placed.reranked.scores.get(best.number),
        best.likeness,
    )
