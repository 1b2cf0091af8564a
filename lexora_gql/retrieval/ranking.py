"""Asking the index, and giving it what it lacks first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from lexora_gql.errors import IndexLoading, Unavailable
from lexora_gql.ports.passage_index import PassageIndex, Rankings, ShardLoading
from lexora_gql.retrieval.meaning import Meaning
from lexora_gql.retrieval.repository import RetrievalRepository, Searchable
from lexora_gql.storage.database import WORKER, Database

# The shard may be thrown out of memory between two steps; twice in a row means that something else is wrong.
TRIES = 5
COLLECTIONS_AT_ONCE = 8
"""Somebody may have thousands; each that is not in memory takes a thread, or a connection."""
PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Ranker:
    """Ranks the passages of collections; one instance serves every search of a process.

    Attributes:
        patience_seconds: How long a search waits for what is read of its collections; beyond, it is told to come back.
    """

    database: Database
    index: PassageIndex
    patience_seconds: float = PATIENCE_SECONDS
    _reading: "dict[tuple[UUID, str], asyncio.Task[None]]" = field(default_factory=dict, repr=False)
    _numbers: dict[UUID, int] = field(default_factory=dict, repr=False)

    async def rank_all(self, places: Sequence[Searchable], meaning: Meaning, words: str, count: int) -> list[Rankings]:
        """Return the best passages of each collection, a few collections at a time.

        Raises:
            IndexLoading, Unavailable, VectorsSwapped: As `rank`, for any of them.
        """
        slots = asyncio.Semaphore(COLLECTIONS_AT_ONCE)

        async def ranked(place: Searchable) -> Rankings:
            async with slots:
                return await self.rank(place, meaning, words, count)

        return await asyncio.gather(*map(ranked, places))

    async def rank(self, place: Searchable, meaning: Meaning, words: str, count: int) -> Rankings:
        """Return the best passages by meaning and by wording, of the revision at which the search began or later.

        Raises:
            IndexLoading: The collection is large and is being loaded for the first time.
            Unavailable: The index does not get there.
            VectorsSwapped: Other vectors serve by now.
        """
        try:
            for _ in range(TRIES):
                await self.catch_up(place, meaning)
                rankings = await self.index.search(
                    place.collection_id,
                    meaning.shard,
                    vector=meaning.vector,
                    words=words,
                    documents=place.documents,
                    count=count,
                )
                # The shard may have left memory, or lost its snapshot, between the two steps.
                if rankings.revision >= place.revision:
                    return meaning.cleaned(rankings)
        except ShardLoading as error:
            raise IndexLoading(retry_after_seconds=error.retry_after_seconds) from error
        message = "The index does not keep up; try again."
        raise Unavailable(message)

    async def catch_up(self, place: Searchable, meaning: Meaning) -> None:
        """Give the index what it lacks of a collection; what others are reading already is waited for, and may be less.

        Raises:
            ShardLoading: It takes long. It goes on all the same, whoever still waits for it.
        """
        if await self.index.revision(place.collection_id, meaning.shard) == place.revision:
            return
        key = place.collection_id, meaning.shard
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read_on(place, meaning))
            reading.add_done_callback(lambda done: self._ended(key, done))
        await asyncio.wait({reading}, timeout=self.patience_seconds)
        if not reading.done():
            raise ShardLoading(RETRY_SECONDS)
        reading.result()

    def _ended(self, key: tuple[UUID, str], reading: "asyncio.Task[None]") -> None:
        del self._reading[key]
        # Where nobody waits any more, the next search finds out by itself what is wrong.
        if not reading.cancelled():
            reading.exception()

    async def _read_on(self, place: Searchable, meaning: Meaning) -> None:
        since = await self.index.revision(place.collection_id, meaning.shard)
        if since == place.revision:
            return
        # Not as whoever searches: the shard is everybody's, and one who is shut out in between would leave it empty.
        async with self.database.transaction(WORKER) as session:
            changes, revision = await RetrievalRepository(session).changes(place.collection_id, meaning, since=since)
        if revision < since:
            # The database was set back to an older state: what the index has is of another world.
            await self.index.forget(place.collection_id)
        elif revision > since:
            if since == 0:
                await self._forget_former(place.collection_id, meaning.serving.number)
            await self.index.apply(place.collection_id, meaning.shard, changes, since=since, revision=revision)

    async def _forget_former(self, collection_id: UUID, number: int) -> None:
        """Remove shards of vectors that do not serve any more, also what an earlier process left of them."""
        if self._numbers.get(collection_id) != number:
            self._numbers[collection_id] = number
            await self.index.forget(collection_id)
