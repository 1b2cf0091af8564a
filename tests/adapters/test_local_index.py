"""What the local index does beyond the port: snapshots, memory, loading, and many at once."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import tantivy

from lexora_gql.adapters.local_index import LocalIndex, shard, snapshots
from lexora_gql.adapters.local_index.analysis import terms_of
from lexora_gql.adapters.local_index.folding import fold
from lexora_gql.adapters.local_index.searching import search
from lexora_gql.ports.passage_index import IndexChanges, RemovedPassages, ShardLoading
from tests.adapters.passages import COLLECTION, EMBEDDER, add, along, ask, document, invented, numbers, passage

MEBIBYTE = 1024 * 1024
WRITING = """
import asyncio, sys
from pathlib import Path
from typing import Any
from lexora_gql.adapters.local_index import LocalIndex, shard
from tests.adapters.passages import add, passage

async def write():
    shard.SMALL_ROWS = 5
    index = LocalIndex(Path(sys.argv[1]), 1 << 30)
    for since in range(1_000):
        await add(index, [passage(10 * since + at, "mark") for at in range(10)], since=since)
        print(since + 1, flush=True)

asyncio.run(write())
"""


@pytest.fixture(params=["small", "folded"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "folded":
        monkeypatch.setattr(shard, "SMALL_ROWS", 0)
    return str(request.param)


@asynccontextmanager
async def opened(
    folder: Path,
    *,
    memory_bytes: int = 100 * MEBIBYTE,
    large_rows: int = 50_000,
    patience_seconds: float = 0.0,
    settle_seconds: float = 60,
) -> AsyncIterator[LocalIndex]:
    index = LocalIndex(
        folder, memory_bytes, large_rows=large_rows, patience_seconds=patience_seconds, settle_seconds=settle_seconds
    )
    try:
        yield index
    finally:
        await index.aclose()


def generations(folder: Path) -> list[Path]:
    return sorted(folder.glob("slot-*/*/*/gen-*"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock")


async def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  # what is waited for happens in threads and has no event
            await asyncio.sleep(0.01)


class TestSnapshots:
    async def test_give_the_same_answers_after_a_restart(self, tmp_path: Path, size: str) -> None:
        async with opened(tmp_path) as index:
            await add(index, invented(300))
            removed = IndexChanges(removed=[RemovedPassages(document(3), 200)])
            await index.apply(COLLECTION, EMBEDDER, removed, since=1, revision=7)
            before = await ask(index, "w1 w2 w30")

        async with opened(tmp_path) as index:
            assert await index.revision(COLLECTION, EMBEDDER) == 7
            after = await ask(index, "w1 w2 w30")
            assert (after.by_meaning, after.candidates) == (before.by_meaning, before.candidates)
            assert set(numbers(after.by_wording)) == set(numbers(before.by_wording))
            await add(index, [passage(9_999, "brand new")], since=7)
            assert numbers((await ask(index, "brand")).by_wording) == [9_999]

    async def test_follow_a_revision_that_changed_nothing(self, tmp_path: Path, size: str) -> None:
        async with opened(tmp_path, settle_seconds=0) as index:
            await add(index, invented(50))
        async with opened(tmp_path) as index:
            await index.apply(COLLECTION, EMBEDDER, IndexChanges(), since=1, revision=2)
        async with opened(tmp_path) as index:
            assert await index.revision(COLLECTION, EMBEDDER) == 2
            assert (await ask(index)).candidates == 50

    async def test_are_written_soon_after_a_change(self, tmp_path: Path) -> None:
        async with opened(tmp_path, settle_seconds=0.01) as index:
            await add(index, invented(5))
            await eventually(lambda: any(path.name == "header.json" for path in files(tmp_path)))

    async def test_are_one_at_a_time(self, tmp_path: Path, size: str) -> None:
        async with opened(tmp_path, settle_seconds=0) as index:
            for since in range(5):
                await add(index, invented(20, first=1 + 20 * since), since=since)
        [generation] = generations(tmp_path)
        assert names(generation.parent) == {generation.name}
        assert generation.name.startswith("gen-5-")

    @pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "emptied"])
    async def test_are_thrown_away_where_a_file_is_damaged(self, tmp_path: Path, size: str, damage: str) -> None:
        async with opened(tmp_path / "good") as index:
            await add(index, invented(60))
        named = [path.relative_to(tmp_path / "good") for path in files(tmp_path / "good")]
        named = [path for path in named if not path.name.startswith(".tantivy")]
        assert len(named) >= 4
        for at, name in enumerate(named):
            folder = tmp_path / f"bad-{at}"
            _copy(tmp_path / "good", folder)
            if not _damage(folder / name, damage):
                continue
            async with opened(folder) as index:
                assert await index.revision(COLLECTION, EMBEDDER) == 0, name
                assert (await ask(index, "w1")).candidates == 0
                await add(index, invented(60))
                assert (await ask(index, "w1")).candidates == 60

    async def test_are_thrown_away_where_they_are_anothers(self, tmp_path: Path, size: str) -> None:
        async with opened(tmp_path) as index:
            await add(index, invented(20))
        (tmp_path / "slot-0" / str(COLLECTION)).rename(tmp_path / "slot-0" / str(UUID(int=2)))

        async with opened(tmp_path) as index:
            assert await index.revision(UUID(int=2), EMBEDDER) == 0
            assert await index.revision(COLLECTION, EMBEDDER) == 0

    async def test_are_thrown_away_where_they_are_of_another_version(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with opened(tmp_path) as index:
            await add(index, invented(20))
        monkeypatch.setattr(snapshots, "FORMAT", snapshots.FORMAT + 1)

        async with opened(tmp_path) as index:
            assert await index.revision(COLLECTION, EMBEDDER) == 0

    @pytest.mark.parametrize("lines", [2, 9, 23])
    async def test_are_whole_whenever_the_process_is_killed(self, tmp_path: Path, lines: int) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITING, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(lines):
            await process.stdout.readline()
        process.kill()
        await process.wait()

        async with opened(tmp_path) as index:
            revision = await index.revision(COLLECTION, EMBEDDER)
            found = await ask(index, "mark", count=1_000)
        assert revision >= lines
        assert sorted(numbers(found.by_wording)) == list(range(10 * revision))
        assert len(found.by_meaning) == found.candidates == 10 * revision

    async def test_leave_no_trace_of_what_was_removed(self, tmp_path: Path, size: str) -> None:
        async with opened(tmp_path, settle_seconds=0.01) as index:
            await add(index, [*invented(20), passage(100, "the codeword is xylophone", of=50)])
            await index.apply(
                COLLECTION, EMBEDDER, IndexChanges(removed=[RemovedPassages(document(50), 100)]), since=1, revision=2
            )
            await eventually(lambda: any(path.name.startswith("gen-2-") for path in generations(tmp_path)))

        [generation] = generations(tmp_path)
        [word] = terms_of("xylophone")
        assert not [path for path in files(generation) if word.encode() in path.read_bytes()]
        if size == "folded":
            assert tantivy.Index.open(str(generation / "words")).searcher().doc_freq("terms", word) == 0

    async def test_are_gone_when_the_collection_is_forgotten(self, tmp_path: Path, size: str) -> None:
        async with opened(tmp_path, settle_seconds=0) as index:
            await add(index, invented(20))
            await index.forget(COLLECTION)

        assert files(tmp_path) == []

    async def test_of_two_processes_never_meet(self, tmp_path: Path) -> None:
        async with opened(tmp_path) as one, opened(tmp_path) as other:
            await add(one, invented(20))
            assert await other.revision(COLLECTION, EMBEDDER) == 0
        assert names(tmp_path) == {"slot-0", "slot-1"}

        async with opened(tmp_path) as one:
            assert await one.revision(COLLECTION, EMBEDDER) == 1

    async def test_that_cannot_be_written_cost_only_time(
        self, tmp_path: Path, size: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with opened(tmp_path) as index:
            await add(index, invented(20))
            monkeypatch.setattr(shard, "SMALL_ROWS", 1_000)
            await add(index, invented(20, first=100), since=1)
            monkeypatch.setattr("lexora_gql.adapters.local_index.snapshots.secrets.token_hex", _no_space)
        assert "could not be written: no space" in caplog.text
        monkeypatch.undo()

        async with opened(tmp_path) as index:
            assert await index.revision(COLLECTION, EMBEDDER) == (0 if size == "small" else 1)


def _no_space(_: int) -> str:
    raise OSError("no space")  # as the system words it


def _copy(source: Path, target: Path) -> None:
    for path in files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())


def _damage(path: Path, damage: str) -> bool:
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif not content:
        return False
    elif damage == "truncated":
        path.write_bytes(content[:-1])
    elif damage == "emptied":
        path.write_bytes(b"")
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    return True


class TestMemory:
    async def test_stays_within_its_limit_over_many_collections(self, tmp_path: Path) -> None:
        collections = [UUID(int=1_000 + number) for number in range(200)]
        async with opened(tmp_path, memory_bytes=2 * MEBIBYTE) as index:
            for number, collection in enumerate(collections):
                changes = IndexChanges(added=[*invented(20, seed=number), passage(900, f"only{number}")])
                await index.apply(collection, EMBEDDER, changes, since=0, revision=number + 1)
            await eventually(lambda: index.memory_bytes <= 2 * MEBIBYTE)

            assert [await index.revision(collection, EMBEDDER) for collection in collections] == list(range(1, 201))
            await eventually(lambda: index.memory_bytes <= 2 * MEBIBYTE)

    async def test_lets_the_least_recently_used_go(self, tmp_path: Path) -> None:
        async with opened(tmp_path, memory_bytes=MEBIBYTE) as index:
            await add(index, invented(20))
            number = 1
            while not generations(tmp_path):
                await ask(index, "w1")
                number += 1
                await index.apply(UUID(int=number), EMBEDDER, IndexChanges(invented(20)), since=0, revision=1)
            await eventually(lambda: not index._tasks)

            assert not index._residents.of(UUID(int=2))
            assert index._residents.of(COLLECTION)
            assert index._residents.of(UUID(int=number))

    async def test_keeps_few_tantivy_indexes_open(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shard, "SMALL_ROWS", 0)
        index = LocalIndex(tmp_path, 100 * MEBIBYTE, folded_shards_max=3)
        for number in range(10):
            await index.apply(UUID(int=number), EMBEDDER, IndexChanges(invented(5)), since=0, revision=1)
        await eventually(lambda: sum(one.is_folded for one in index._residents) == 3)

        assert [await index.revision(UUID(int=number), EMBEDDER) for number in range(10)] == [1] * 10
        await index.aclose()


class TestLargeShards:
    async def test_are_built_while_searches_are_told_to_come_back(self, tmp_path: Path) -> None:
        async with opened(tmp_path, large_rows=1_000) as index:
            building = asyncio.create_task(add(index, invented(3_000)))
            await eventually(lambda: any(resident.loading_rows for resident in index._residents))

            with pytest.raises(ShardLoading) as raised:
                await ask(index, "w1")
            with pytest.raises(ShardLoading):
                await index.revision(COLLECTION, EMBEDDER)
            assert 0 < raised.value.retry_after_seconds <= 1

            await building
            assert (await ask(index, "w1")).candidates == 3_000

    async def test_are_read_while_searches_are_told_to_come_back(self, tmp_path: Path) -> None:
        async with opened(tmp_path) as index:
            await add(index, invented(3_000))

        async with opened(tmp_path, large_rows=1_000) as index:
            with pytest.raises(ShardLoading):
                await ask(index, "w1")

            async with asyncio.timeout(10):
                while True:
                    try:
                        found = await ask(index, "w1")
                        break
                    except ShardLoading:
                        await asyncio.sleep(0.01)
            assert (found.candidates, found.revision) == (3_000, 1)

    async def test_are_waited_for_where_it_does_not_take_long(self, tmp_path: Path) -> None:
        async with opened(tmp_path, large_rows=1_000, patience_seconds=30) as index:
            building = asyncio.create_task(add(index, invented(3_000)))
            await eventually(lambda: any(resident.loading_rows for resident in index._residents))
            assert (await ask(index, "w1")).candidates == 3_000
            await building

        async with opened(tmp_path, large_rows=1_000, patience_seconds=30) as index:
            assert (await ask(index, "w1")).candidates == 3_000


class TestManyAtOnce:
    @pytest.fixture(autouse=True)
    def folds_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shard, "SMALL_ROWS", 60)
        monkeypatch.setattr(shard, "_RECENT_ROWS", 30)

    async def test_every_search_sees_exactly_one_revision(self, tmp_path: Path) -> None:
        passages = invented(600)
        done = asyncio.Event()

        async def change(index: LocalIndex) -> None:
            for since in range(60):
                added = passages[10 * since : 10 * since + 10]
                await add(index, [*added, passage(10_000 + since, "mark")], since=since)
            done.set()

        async def search(index: LocalIndex) -> int:
            seen = 0
            while not done.is_set():
                found = await ask(index, "mark", count=1_000)
                expected = list(range(10_000, 10_000 + found.revision))
                assert found.candidates == 11 * found.revision
                assert sorted(numbers(found.by_wording)) == expected
                assert len(found.by_meaning) == found.candidates
                seen += 1
            return seen

        async with opened(tmp_path) as index:
            _, *seen = await asyncio.gather(change(index), *(search(index) for _ in range(4)))
            assert (await ask(index)).candidates == 660
            await eventually(lambda: any(resident.is_folded for resident in index._residents))

        assert min(number for number in seen if number is not None) > 5

    async def test_what_changes_during_a_fold_holds_after_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = shard.Shard(tmp_path, COLLECTION, EMBEDDER)
        one.apply(IndexChanges([passage(at, "mark", of=at % 4) for at in range(40)]), since=0, revision=1)
        one.apply(IndexChanges([passage(at, "mark", of=at % 4) for at in range(40, 80)]), since=1, revision=2)
        removed = [RemovedPassages(document(1), 79), RemovedPassages(document(2), 50)]
        late = IndexChanges([passage(80, "mark", of=1), passage(81, "other", of=9)], removed)

        def fold_meanwhile(*given: Any) -> Any:
            folded = fold(*given)
            one.apply(late, since=2, revision=3)
            return folded

        monkeypatch.setattr(shard, "fold", fold_meanwhile)
        one.fold()

        kept = [at for at in range(80) if at % 4 in {0, 3} or (at % 4 == 2 and at > 50)]
        found = search(one.state, along(1), "mark", None, 1_000)
        assert len(one.state.folded or ()) == 80
        assert numbers(found.by_wording) == [*kept, 80]
        assert numbers(found.by_meaning) == [*kept, 80, 81]
        assert (found.candidates, found.revision) == (len(kept) + 2, 3)

    async def test_the_event_loop_goes_on(self, tmp_path: Path) -> None:
        passages = invented(4_000, words=150)
        async with opened(tmp_path) as index:
            work = asyncio.create_task(add(index, passages))
            lags = []
            while not work.done():
                started = time.perf_counter()
                await asyncio.sleep(0.001)
                lags.append(time.perf_counter() - started)
            await work

        # The 95th percentile: on a busy machine a single wake may be late through no fault of ours.
        assert len(lags) > 10
        assert sorted(lags)[int(0.95 * len(lags))] < 0.05
