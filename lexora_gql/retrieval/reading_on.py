"""Reading what comes into a collection as it comes, so that the first search after an upload need not wait for it."""

import time
from collections.abc import Collection as Ids
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from sqlalchemy import any_, select

from lexora_gql.documents.generations.serving import Serving, serving
from lexora_gql.documents.models import Collection
from lexora_gql.ports.embedder import Embedder
from lexora_gql.ports.passage_index import ShardLoading
from lexora_gql.retrieval.meaning import Meaning, VectorsSwapped
from lexora_gql.retrieval.ranking import Ranker
from lexora_gql.retrieval.repository import Searchable
from lexora_gql.storage.base import ids_array
from lexora_gql.storage.database import WORKER, Database

EXPECTED_SECONDS = 120.0
"""From an upload, or from the last change that was seen after one, on."""
EXPECTED_MAX = 200
"""Beyond it the longest expected are left to whoever searches them."""


@dataclass(slots=True)
class _Expected:
    until: float
    revision: int = 0


@dataclass(frozen=True, slots=True)
class ReadingOn:
    """Knows the collections that were uploaded to in this process; whoever uploads here is likely to search here.

    Attributes:
        ranker: That of the searches, so that nothing is read twice.
    """

    database: Database
    ranker: Ranker
    embedder: Embedder
    _expected: dict[UUID, _Expected] = field(default_factory=dict, repr=False)

    def expect(self, collection_id: UUID) -> None:
        """Look after a collection for a while."""
        known = self._expected.pop(collection_id, None)
        self._expected[collection_id] = _Expected(_soon(), known.revision if known else 0)
        while len(self._expected) > EXPECTED_MAX:
            del self._expected[next(iter(self._expected))]

    async def step(self) -> None:
        """Read what has come; where that takes long, or vectors are being exchanged, the next time will do."""
        for collection_id in [key for key, expected in self._expected.items() if expected.until <= time.monotonic()]:
            del self._expected[collection_id]
        if not self._expected:
            return
        now, places = await self._places([*self._expected])
        if now.embedder != self.embedder.name:
            return
        meaning = Meaning(now, np.zeros(self.embedder.dimensions, dtype=np.float32), 0.0)
        for place in places:
            expected = self._expected.get(place.collection_id)
            if expected is not None and expected.revision < place.revision:
                with suppress(ShardLoading, VectorsSwapped):
                    await self.ranker.catch_up(place, meaning)
                    expected.until, expected.revision = _soon(), place.revision

    async def _places(self, collection_ids: Ids[UUID]) -> tuple[Serving, list[Searchable]]:
        # As the ranker reads: a shard is everybody's.
        async with self.database.transaction(WORKER) as session:
            wanted = Collection.id == any_(ids_array(collection_ids))
            rows = await session.execute(select(Collection.id, Collection.revision).where(wanted))
            now = await serving(session, self.embedder.name)
            return now, [Searchable(collection_id, revision, None) for collection_id, revision in rows]


def _soon() -> float:
    return time.monotonic() + EXPECTED_SECONDS
