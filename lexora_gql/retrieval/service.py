"""Finding the passages that bear on a question."""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.models import Chunk, Document
from lexora_gql.errors import IndexLoading, Unavailable, require_length, require_range
from lexora_gql.ports.embedder import Embedder, EmbedderRejected, EmbedderUnavailable
from lexora_gql.ports.passage_index import PassageIndex, Rankings, ShardLoading
from lexora_gql.ports.text_extractor import Span
from lexora_gql.retrieval.fusion import Fused, fuse
from lexora_gql.retrieval.highlights import highlights
from lexora_gql.retrieval.repository import RetrievalRepository, Searchable, StoredChunk
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.database import Database
from lexora_gql.telemetry.metrics import Metrics

QUERY_CHARACTERS_MAX = 2_000
HITS_MAX = 100
CANDIDATES = 100
SPARE = 4
# The shard may be thrown out of memory between two steps; twice in a row means that something else is wrong.
TRIES = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found.

    Attributes:
        document: The chunk's.
        score: Fused; orders one result and means nothing outside it.
        semantic_rank: 1 for the best by meaning; None where it is not among those.
        lexical_rank: 1 for the best by wording; None where it is not among those.
        likeness: Cosine with the query, where it was found by meaning.
        highlights: Where words of the query stand in the chunk's text.
    """

    chunk: Chunk
    document: Document
    score: float
    semantic_rank: int | None
    lexical_rank: int | None
    likeness: float | None
    highlights: tuple[Span, ...]

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
    """Use cases on passages; one instance serves every request."""

    database: Database
    embedder: Embedder
    index: PassageIndex
    metrics: Metrics
    _reading: WeakValueDictionary[UUID, asyncio.Lock] = field(default_factory=WeakValueDictionary, repr=False)

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

        # The embedder may be remote and slow, so no transaction is open while we wait for it.
        vector = await self._embed(words)
        async with self.database.transaction(viewer) as session:
            places = await RetrievalRepository(session).searchable(scope)
        count = max(CANDIDATES, first)
        rankings = await asyncio.gather(*(self._rank(viewer, place, vector, words, count) for place in places))
        fused = fuse(rankings, weight_of_meaning=self.embedder.weight)

        hits = await self._stored(viewer, fused, rankings, words=words, scope=scope, first=first)
        seconds = time.perf_counter() - started
        self.metrics.search_duration_seconds.observe(seconds)
        return Found(tuple(hits), sum(ranking.candidates for ranking in rankings), seconds * 1000)

    async def _stored(
        self, viewer: Viewer, fused: list[Fused], rankings: list[Rankings], *, words: str, scope: Scope, first: int
    ) -> list[Hit]:
        """Look the best up: an index may still remember what storage has forgotten, or what was just unshared."""
        hits: list[Hit] = []
        start = 0
        while len(hits) < first and start < len(fused):
            # Almost always all are still there, so a few more than wanted are enough.
            batch = fused[start : start + first - len(hits) + SPARE]
            start += len(batch)
            async with self.database.transaction(viewer) as session:
                stored = await RetrievalRepository(session).chunks([best.number for best in batch], scope)
            there = [best for best in batch if best.number in stored][: first - len(hits)]
            hits += [_hit(stored[best.number], best, rankings, words) for best in there]
        return hits

    async def _embed(self, words: str) -> NDArray[np.float32]:
        try:
            [vector] = await self.embedder.embed([words])
        except EmbedderUnavailable as error:
            message = "The embedding service does not answer; try again."
            raise Unavailable(message, retry_after_seconds=error.retry_after_seconds or 2.0) from error
        except EmbedderRejected as error:
            message = "The embedding service refuses the query; the server's log says why."
            raise Unavailable(message, retry_after_seconds=30.0) from error
        row: NDArray[np.float32] = vector
        return row

    async def _rank(
        self, viewer: Viewer, place: Searchable, vector: NDArray[np.float32], words: str, count: int
    ) -> Rankings:
        try:
            for _ in range(TRIES):
                await self._catch_up(viewer, place)
                rankings = await self.index.search(
                    place.collection_id,
                    self.embedder.name,
                    vector=vector,
                    words=words,
                    documents=place.documents,
                    count=count,
                )
                # The shard may have left memory, or lost its snapshot, between the two steps.
                if rankings.revision >= place.revision:
                    return rankings
        except ShardLoading as error:
            raise IndexLoading(retry_after_seconds=error.retry_after_seconds) from error
        message = "The index does not keep up; try again."
        raise Unavailable(message)

    async def _catch_up(self, viewer: Viewer, place: Searchable) -> None:
        """Give the index what it lacks of a collection, up to the revision at which the search began."""
        if await self.index.revision(place.collection_id, self.embedder.name) == place.revision:
            return
        # One search reads what is new, perhaps a whole collection, and all that came meanwhile have it, too.
        async with self._reading.setdefault(place.collection_id, asyncio.Lock()):
            await self._read_on(viewer, place)

    async def _read_on(self, viewer: Viewer, place: Searchable) -> None:
        name = self.embedder.name
        since = await self.index.revision(place.collection_id, name)
        if since == place.revision:
            return
        async with self.database.transaction(viewer) as session:
            changes, revision = await RetrievalRepository(session).changes(place.collection_id, name, since=since)
        if revision < since:
            # The database was set back to an older state: what the index has is of another world.
            await self.index.forget(place.collection_id)
        elif revision > since:
            await self.index.apply(place.collection_id, name, changes, since=since, revision=revision)


def _hit(stored: StoredChunk, best: Fused, rankings: list[Rankings], words: str) -> Hit:
    likeness = next(
        (scored.score for ranking in rankings for scored in ranking.by_meaning if scored.number == best.number), None
    )
    marked = highlights(stored.chunk.text, words)
    return Hit(stored.chunk, stored.document, best.score, best.semantic_rank, best.lexical_rank, likeness, marked)
