"""Asking the index, and giving it what it lacks first."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakValueDictionary

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import IndexLoading, Unavailable
from lexora_gql.ports.passage_index import PassageIndex, Rankings, ShardLoading
from lexora_gql.retrieval.meaning import Meaning
from lexora_gql.retrieval.repository import RetrievalRepository, Searchable
from lexora_gql.storage.database import Actor, Database

# The shard may be thrown out of memory between two steps; twice in a row means that something else is wrong.
TRIES = 5


@dataclass(frozen=True, slots=True)
class Ranker:
    """Ranks the passages of one collection; one instance serves every search of a process."""

    database: Database
    index: PassageIndex
    _reading: WeakValueDictionary[UUID, asyncio.Lock] = field(default_factory=WeakValueDictionary, repr=False)
    _numbers: dict[UUID, int] = field(default_factory=dict, repr=False)

    async def rank(self, viewer: Viewer, place: Searchable, meaning: Meaning, words: str, count: int) -> Rankings:
        """Return the best passages by meaning and by wording, of the revision at which the search began or later.

        Raises:
            IndexLoading: The collection is large and is being loaded for the first time.
            Unavailable: The index does not get there.
            VectorsSwapped: Other vectors serve by now.
        """
        try:
            for _ in range(TRIES):
                await self.catch_up(viewer, place, meaning)
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

    async def catch_up(self, viewer: Actor, place: Searchable, meaning: Meaning) -> None:
        """Give the index what it lacks of a collection, up to the revision at which the search began."""
        if await self.index.revision(place.collection_id, meaning.shard) == place.revision:
            return
        # One search reads what is new, perhaps a whole collection, and all that came meanwhile have it, too.
        async with self._reading.setdefault(place.collection_id, asyncio.Lock()):
            await self._read_on(viewer, place, meaning)

    async def _read_on(self, viewer: Actor, place: Searchable, meaning: Meaning) -> None:
        since = await self.index.revision(place.collection_id, meaning.shard)
        if since == place.revision:
            return
        async with self.database.transaction(viewer) as session:
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
