"""Indexes with a protection taken out: the campaign must go red with each, or its checks show nothing."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from lexora_gql.ports.passage_index import IndexChanges, Rankings
from tests.campaigns.index.watching import WatchedIndex


class Forgetful(WatchedIndex):
    """Never hears of what is removed."""

    async def apply(self, collection_id: UUID, embedder: str, changes: IndexChanges, **revisions: int) -> None:
        """See the port; removals are lost."""
        await super().apply(collection_id, embedder, replace(changes, removed=()), **revisions)


class Stale(WatchedIndex):
    """Says that it is up to date while it is not."""

    async def apply(self, collection_id: UUID, embedder: str, changes: IndexChanges, **revisions: int) -> None:
        """See the port; only the first change of a collection is taken in."""
        taken = changes if revisions["since"] == 0 else IndexChanges()
        await super().apply(collection_id, embedder, taken, **revisions)


class Leaky(WatchedIndex):
    """Mixes up whose passages are whose."""

    async def search(self, collection_id: UUID, embedder: str, **asked: Any) -> Rankings:
        """See the port; the answer is that of another collection, where there is one."""
        others = [key[0] for key, one in self._residents._shards.items() if key[0] != collection_id and one.rows]
        found = await super().search(collection_id, embedder, **asked)
        if not others:
            return found
        other = await super().search(others[0], embedder, **asked)
        mixed = Rankings(other.by_meaning, other.by_wording, found.candidates, found.revision)
        self.answers[collection_id] = replace(self.answers[collection_id], rankings=mixed)
        return mixed


FORGERIES: dict[str, type[WatchedIndex]] = {"removals": Forgetful, "freshness": Stale, "walls": Leaky}
