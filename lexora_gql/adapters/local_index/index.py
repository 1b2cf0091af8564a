"""The local adapter of the passage index: many shards under one memory limit, nothing on the event loop."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import faiss
import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.local_index import snapshots
from lexora_gql.adapters.local_index.residents import Key, Resident, Residents
from lexora_gql.adapters.local_index.searching import search
from lexora_gql.adapters.local_index.shard import SMALL_ROWS, Shard
from lexora_gql.adapters.local_index.slots import Slot
from lexora_gql.adapters.local_index.snapshots import Doubtful, Header
from lexora_gql.ports.passage_index import IndexChanges, KeptShard, Rankings, ShardLoading

_log = logging.getLogger(__name__)

LARGE_ROWS = 50_000
"""Beyond it nobody waits long for a shard to be built or read."""
PATIENCE_SECONDS = 2.0
RETRY_SECONDS = 0.5
SETTLE_SECONDS = 5.0
"""A snapshot is written this long after the first change that it lacks."""
_LARGE_SETTLE = 6
"""How many times longer large shards wait."""
FOLDED_SHARDS_MAX = 128
"""Each open tantivy index keeps a thread."""

Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Opening:
    """A snapshot that is being read; `known` is set once it is clear how large it is."""

    known: asyncio.Event = field(default_factory=asyncio.Event)
    rows: int = 0
    task: "asyncio.Task[Resident | None] | None" = None


class LocalIndex:
    """FAISS and tantivy in this process; implements `PassageIndex`. Lives in one event loop."""

    def __init__(
        self,
        folder: Path,
        memory_bytes: int,
        *,
        large_rows: int = LARGE_ROWS,
        patience_seconds: float = PATIENCE_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
        folded_shards_max: int = FOLDED_SHARDS_MAX,
    ) -> None:
        """Take a slot of the folder.

        Args:
            folder: Of snapshots; may be shared by processes, each has a slot of its own in it.
            memory_bytes: Shards beyond it are written to disk and leave, those first that were used least recently.
            large_rows: Beyond so many passages a first load makes `search` raise ShardLoading instead of waiting on.
            patience_seconds: How long it waits before.
            settle_seconds: How long after a change its snapshot is written.
            folded_shards_max: Most shards open with a tantivy index.

        Raises:
            OSError: The folder cannot be written.
        """
        self._slot = Slot(folder)
        self._large_rows = large_rows
        self._patience_seconds = patience_seconds
        self._settle_seconds = settle_seconds
        self._residents = Residents(memory_bytes, folded_shards_max)
        self._openings: dict[Key, _Opening] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        one_thread = partial(faiss.omp_set_num_threads, 1)
        threads = max(2, min(8, os.cpu_count() or 2))
        self._searchers = ThreadPoolExecutor(threads, "index-search", initializer=one_thread)
        self._writers = ThreadPoolExecutor(2, "index-write", initializer=one_thread)

    @property
    def memory_bytes(self) -> int:
        """About how much memory the shards take."""
        return self._residents.memory_bytes

    async def revision(self, collection_id: UUID, embedder: str) -> int:
        """Return the revision that the shard stands at; see the port."""
        while (resident := await self._open((collection_id, embedder))) is not None:
            await self._require_loaded(resident)
            async with resident.changing:
                # One that has just left memory is on disk.
                if not resident.is_gone:
                    return resident.shard.state.revision
        return 0

    async def apply(
        self, collection_id: UUID, embedder: str, changes: IndexChanges, *, since: int, revision: int
    ) -> None:
        """Take a shard from one revision to another; see the port."""
        key = (collection_id, embedder)
        resident = None
        while resident is None:
            resident = await self._open(key)
            if resident is None:
                if since != 0:
                    return
                resident = self._residents.put(key, Shard(self._slot.folder, collection_id, embedder))
            async with resident.changing:
                if resident.is_gone:
                    resident = None
                    continue
                await self._change(resident, changes, since=since, revision=revision)
        self._after_change(resident)
        self._trim(key)

    async def search(
        self,
        collection_id: UUID,
        embedder: str,
        *,
        vector: NDArray[np.float32],
        words: str,
        documents: frozenset[UUID] | None,
        count: int,
    ) -> Rankings:
        """Return the best passages by meaning and by wording; see the port."""
        resident = await self._open((collection_id, embedder))
        if resident is None:
            return Rankings((), (), 0)
        await self._require_loaded(resident)
        return await _run(self._searchers, partial(search, resident.shard.state, vector, words, documents, count))

    async def forget(self, collection_id: UUID) -> None:
        """Remove a collection's shards from memory and disk."""
        for opening in [opening for key, opening in self._openings.items() if key[0] == collection_id]:
            if opening.task is not None:
                await asyncio.wait([opening.task])
        for key, resident in self._residents.of(collection_id):
            self._residents.drop(key, resident)
            await _run(self._writers, resident.shard.forget)
        folder = self._slot.folder / str(collection_id)
        await _run(self._writers, partial(shutil.rmtree, folder, ignore_errors=True))

    async def kept(self) -> list[KeptShard]:
        """Return the shards of this process, and those that processes left which are gone; see the port."""
        here = self._residents.revisions()
        own, left = await _run(self._writers, self._on_disk)
        return [
            *(KeptShard(*key, revision) for key, revision in here.items()),
            *(KeptShard(*key, revision) for key, revision in own if key not in here),
            *(KeptShard(*key, revision, is_left=True) for key, revision in left),
        ]

    async def forget_left(self, collection_id: UUID) -> None:
        """Remove what processes that are gone left of a collection."""
        await _run(self._writers, partial(self._forget_left, collection_id))

    def _on_disk(self) -> tuple[list[tuple[Key, int]], list[tuple[Key, int]]]:
        own = [_standing(header) for header in snapshots.headers(self._slot.folder)]
        left = [_standing(header) for slot in self._slot.abandoned() for header in snapshots.headers(slot)]
        return own, left

    def _forget_left(self, collection_id: UUID) -> None:
        for slot in self._slot.abandoned():
            shutil.rmtree(slot / str(collection_id), ignore_errors=True)

    async def aclose(self) -> None:
        """Write snapshots of what changed, but of large shards, which would keep the process waiting; then let go."""
        for resident in self._residents:
            if resident.timer is not None:
                resident.timer.cancel()
        opening = [opening.task for opening in self._openings.values() if opening.task is not None]
        while busy := [task for task in (*self._tasks, *opening) if not task.done()]:
            await asyncio.wait(busy)
        await asyncio.gather(
            *(self._save(resident) for resident in self._residents if resident.rows <= self._large_rows)
        )
        await asyncio.to_thread(self._searchers.shutdown)
        await asyncio.to_thread(self._writers.shutdown)
        self._slot.release()

    async def _open(self, key: Key) -> Resident | None:
        """Return a shard from memory or disk; None where there is none.

        Raises:
            ShardLoading: Its snapshot is large and is being read.
        """
        resident = self._residents.get(key)
        if resident is not None:
            return resident
        opening = self._openings.get(key)
        if opening is None:
            opening = self._openings[key] = _Opening()
            opening.task = asyncio.create_task(self._read(key, opening))
        await opening.known.wait()
        assert opening.task is not None
        if opening.rows > self._large_rows:
            await asyncio.wait({opening.task}, timeout=self._patience_seconds)
            if not opening.task.done():
                raise ShardLoading(RETRY_SECONDS)
        return await asyncio.shield(opening.task)

    async def _require_loaded(self, resident: Resident) -> None:
        """Wait for a large shard that is being built, but not for long.

        Raises:
            ShardLoading: It takes longer.
        """
        if not resident.loading_rows:
            return
        try:
            async with asyncio.timeout(self._patience_seconds), resident.changing:
                pass
        except TimeoutError:
            raise ShardLoading(RETRY_SECONDS) from None

    async def _read(self, key: Key, opening: _Opening) -> Resident | None:
        try:
            shard = Shard(self._slot.folder, *key)
            found = await _run(self._searchers, partial(snapshots.find, shard.folder, *key))
            if found is None:
                return None
            opening.rows = found[1].rows
            opening.known.set()
            pool = self._writers if opening.rows > SMALL_ROWS else self._searchers
            if not await _run(pool, partial(_load, shard, *found)):
                return None
            resident = self._residents.put(key, shard)
            self._trim(key)
            return resident
        finally:
            del self._openings[key]
            opening.known.set()

    async def _change(self, resident: Resident, changes: IndexChanges, *, since: int, revision: int) -> None:
        rows = len(changes.added)
        is_first = since == 0 and resident.shard.state.revision == 0
        resident.loading_rows = rows if is_first and rows > self._large_rows else 0
        pool = self._writers if rows > SMALL_ROWS else self._searchers
        try:
            await _run(pool, partial(resident.shard.apply, changes, since=since, revision=revision))
        finally:
            resident.loading_rows = 0
            self._residents.count(resident)

    def _after_change(self, resident: Resident) -> None:
        if resident.is_gone:
            return
        if resident.shard.needs_folding:
            if not resident.is_folding:
                resident.is_folding = True
                self._spawn(self._fold(resident))
        elif resident.timer is None and self._is_worth_saving(resident):
            seconds = self._settle_seconds * (1 if resident.rows <= self._large_rows else _LARGE_SETTLE)
            loop = asyncio.get_running_loop()
            resident.timer = loop.call_later(seconds, lambda: self._spawn(self._save(resident)))

    def _is_worth_saving(self, resident: Resident) -> bool:
        """Large shards wait until they fold, unless something was removed that should not stay on disk."""
        return resident.rows <= self._large_rows or resident.shard.state.folded_mask is not None

    async def _fold(self, resident: Resident) -> None:
        try:
            await self._write(resident.shard.fold)
        finally:
            resident.is_folding = False
            self._residents.count(resident)
        self._trim(None)

    async def _save(self, resident: Resident) -> None:
        resident.timer = None
        await self._write(resident.shard.save)
        self._residents.count(resident)

    def _trim(self, current: Key | None) -> None:
        for key, resident in self._residents.surplus(current):
            self._spawn(self._evict(key, resident))

    async def _evict(self, key: Key, resident: Resident) -> None:
        async with resident.changing:
            await self._write(resident.shard.save)
            self._residents.drop(key, resident)

    async def _write(self, write: Callable[[], None]) -> None:
        """Write in the background; what cannot be written is in PostgreSQL, and costs time at the next start only."""
        try:
            await _run(self._writers, write)
        except (OSError, ValueError) as error:
            _log.warning("an index snapshot could not be written: %s", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _run(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(pool, work)


def _standing(header: Header) -> tuple[Key, int]:
    return (UUID(header.collection), header.embedder), header.revision


def _load(shard: Shard, generation: Path, header: Header) -> bool:
    try:
        shard.load(generation, header)
    except (Doubtful, OSError, ValueError) as error:
        _log.warning("an index snapshot is thrown away: %s", type(error).__name__)
        shutil.rmtree(generation, ignore_errors=True)
        return False
    return True
