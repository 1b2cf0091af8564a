"""An index that remembers what it answered, and lets itself be disturbed."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.ports.passage_index import Rankings

MEMORY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What one collection had to say, of at most `count` passages by each list."""

    rankings: Rankings
    count: int


class WatchedIndex(LocalIndex):
    """The local index, with a window; nothing of what it does is changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, MEMORY_BYTES, settle_seconds=0.02)
        self.answers: dict[UUID, Answer] = {}

    async def search(self, collection_id: UUID, embedder: str, **asked: Any) -> Rankings:
        """See the port; the newest answer of each collection is kept."""
        rankings = await super().search(collection_id, embedder, **asked)
        self.answers[collection_id] = Answer(rankings, asked["count"])
        return rankings

    @property
    def folder(self) -> Path:
        """Where its snapshots are."""
        return self._slot.folder

    def shrink(self) -> None:
        """Have everything leave memory, as under a limit that is far too small."""
        limit, self._residents._memory_bytes_max = self._residents._memory_bytes_max, 0
        self._trim(None)
        self._residents._memory_bytes_max = limit

    async def settled(self) -> None:
        """Wait until nothing is being written."""
        while busy := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(busy)

    async def die(self) -> None:
        """End as if killed: what is not on disk yet is lost, and the slot is free."""
        for resident in self._residents:
            if resident.timer is not None:
                resident.timer.cancel()
        await self.settled()
        self._searchers.shutdown()
        self._writers.shutdown()
        self._slot.release()
