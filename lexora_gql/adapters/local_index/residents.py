"""Which shards are in memory, in the order of their last use, and how much they take."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from lexora_gql.adapters.local_index.shard import Shard

_SHARD_BYTES = 4_096

Key = tuple[UUID, str]


@dataclass(slots=True, eq=False)
class Resident:
    """A shard in memory.

    Attributes:
        changing: Held by whoever changes or evicts it.
        loading_rows: How many passages it is being built from for the first time, when these are many; else 0.
        is_gone: It is no longer the shard under its key.
        is_leaving: It is on its way out.
        is_folding: A fold has been asked for.
        timer: Will write its snapshot.
    """

    shard: Shard
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    loading_rows: int = 0
    is_gone: bool = False
    is_leaving: bool = False
    is_folding: bool = False
    timer: asyncio.TimerHandle | None = None
    memory_bytes: int = 0
    is_folded: bool = False

    @property
    def rows(self) -> int:
        """Passages, removed ones included."""
        state = self.shard.state
        return len(state.recent) + (0 if state.folded is None else len(state.folded))


class Residents:
    """Counts as shards come, grow and go, for a limit of thousands is asked about after each change."""

    def __init__(self, memory_bytes_max: int, folded_max: int) -> None:
        self.memory_bytes = 0
        self._folded = 0
        self._memory_bytes_max = memory_bytes_max
        self._folded_max = folded_max
        self._shards: OrderedDict[Key, Resident] = OrderedDict()

    def __iter__(self) -> Iterator[Resident]:
        return iter(list(self._shards.values()))

    def revisions(self) -> dict[Key, int]:
        """Return what each shard stands at."""
        return {key: resident.shard.state.revision for key, resident in self._shards.items()}

    def get(self, key: Key) -> Resident | None:
        """Return a shard as the one used last; None where it is not in memory."""
        resident = self._shards.get(key)
        if resident is not None:
            self._shards.move_to_end(key)
        return resident

    def put(self, key: Key, shard: Shard) -> Resident:
        """Take a shard in; where another was faster, return that one."""
        resident = self._shards.get(key)
        if resident is None:
            resident = self._shards[key] = Resident(shard)
            self.count(resident)
        return resident

    def count(self, resident: Resident) -> None:
        """Note what a shard takes now."""
        if resident.is_gone:
            return
        state = resident.shard.state
        memory_bytes, is_folded = _SHARD_BYTES + state.memory_bytes, state.folded is not None
        self.memory_bytes += memory_bytes - resident.memory_bytes
        self._folded += is_folded - resident.is_folded
        resident.memory_bytes, resident.is_folded = memory_bytes, is_folded

    def drop(self, key: Key, resident: Resident) -> None:
        """Let a shard go."""
        if resident.is_gone:
            return
        del self._shards[key]
        resident.is_gone = True
        if resident.timer is not None:
            resident.timer.cancel()
        self.memory_bytes -= resident.memory_bytes
        self._folded -= resident.is_folded

    def of(self, collection_id: UUID) -> list[tuple[Key, Resident]]:
        """Return the shards of a collection, under whatever embedder."""
        return [(key, resident) for key, resident in self._shards.items() if key[0] == collection_id]

    def surplus(self, current: Key | None) -> list[tuple[Key, Resident]]:
        """Return the least recently used shards without which the limits hold, marked as leaving, never the current."""
        if self.memory_bytes <= self._memory_bytes_max and self._folded <= self._folded_max:
            return []
        leaving = [resident for resident in self._shards.values() if resident.is_leaving]
        memory_bytes = self.memory_bytes - sum(resident.memory_bytes for resident in leaving)
        folded = self._folded - sum(resident.is_folded for resident in leaving)
        found = []
        for key, resident in self._shards.items():
            is_too_much = memory_bytes > self._memory_bytes_max
            if not is_too_much and folded <= self._folded_max:
                break
            if key != current and not resident.is_leaving and (is_too_much or resident.is_folded):
                resident.is_leaving = True
                memory_bytes -= resident.memory_bytes
                folded -= resident.is_folded
                found.append((key, resident))
        return found
