"""Where files are kept: the contract, and what is left of a write that was cut short."""

import asyncio
import hashlib
import os
import signal
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs
from lexora_gql.adapters.offline.blob_store import InMemoryBlobs
from lexora_gql.ports.blob_store import BlobStoreAway
from tests.adapters.blob_store_contract import CONTENT, KEY, BlobStoreContract, is_there, pieces, read


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


class TestInMemoryBlobs(BlobStoreContract):
    @pytest.fixture
    def blobs(self) -> InMemoryBlobs:
        return InMemoryBlobs()


class TestBucket(BlobStoreContract):
    @pytest.fixture
    def blobs(self) -> ObjectStoreBlobs:
        return ObjectStoreBlobs("memory://")

    async def test_the_local_copy_is_gone_afterwards(self, blobs: ObjectStoreBlobs) -> None:
        await blobs.write(KEY, pieces())
        async with blobs.local_file(KEY) as path:
            assert path.read_bytes() == CONTENT
            # It has no name that could outlive a killed process.
            assert path.resolve().name.endswith("(deleted)")
            inode = path.stat().st_ino

        assert not path.exists() or path.stat().st_ino != inode

    @pytest.mark.parametrize("place", ["ftp://host/path", "file:///tmp", "http://host"])
    def test_other_addresses_are_refused(self, place: str) -> None:
        with pytest.raises(ValueError, match="is no place for files"):
            ObjectStoreBlobs(place)


class TestFolder(BlobStoreContract):
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "data" / "blobs"

    @pytest.fixture
    def blobs(self, folder: Path) -> ObjectStoreBlobs:
        return ObjectStoreBlobs(folder)

    async def test_the_local_file_is_the_stored_one(self, blobs: ObjectStoreBlobs, folder: Path) -> None:
        await blobs.write(KEY, pieces())

        async with blobs.local_file(KEY) as path:
            assert path == folder / KEY
        assert files_below(folder) == [KEY]
        assert [mode_of(path) for path in (folder, folder / "9f0c", folder / KEY)] == [0o700, 0o700, 0o600]

    async def test_file_and_folders_are_on_the_disk_before_it_is_acknowledged(
        self, blobs: ObjectStoreBlobs, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[str] = []
        real = os.fsync

        def recorded(descriptor: int) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            synced.append(str(path).removeprefix(str(folder.parent.parent)))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", recorded)
        await blobs.write(KEY, pieces())

        [part] = [path for path in synced if path.startswith("/data/blobs/.incoming/")]
        # The folders that had to be made, each in its parent; the file before its name; the name last.
        assert synced == ["", "/data", "/data/blobs", part, "/data/blobs", "/data/blobs/9f0c"]

    @pytest.mark.parametrize("stage", ["first", "middle", "last"])
    async def test_cancelled_at_any_stage_no_file_is_left(
        self, blobs: ObjectStoreBlobs, folder: Path, stage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writing: asyncio.Future[None]
        loop = asyncio.get_running_loop()
        methods = {"first": "mkdir", "middle": "is_dir", "last": "rename"}
        real: Callable[..., object] = getattr(Path, methods[stage])

        def cancelling(path: Path, *arguments: object, **named: object) -> object:
            loop.call_soon_threadsafe(writing.cancel)
            time.sleep(0.05)
            return real(path, *arguments, **named)

        monkeypatch.setattr(Path, methods[stage], cancelling)
        writing = asyncio.ensure_future(blobs.write(KEY, pieces(CONTENT * 4)))
        await asyncio.wait([writing])
        monkeypatch.undo()

        assert writing.cancelled()
        assert files_below(folder) == []

    async def test_killed_in_the_middle_no_file_is_under_the_key_and_the_rest_goes_in_time(
        self, blobs: ObjectStoreBlobs, folder: Path
    ) -> None:
        script = (
            "import asyncio\nfrom lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs\n"
            "async def pieces():\n    for _ in range(100):\n        yield bytes(100_000)\n"
            "    print('written', flush=True)\n    await asyncio.Event().wait()\n"
            f"asyncio.run(ObjectStoreBlobs({str(folder)!r}).write({KEY!r}, pieces()))\n"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
        await process.wait()

        assert not await is_there(blobs)
        [left] = files_below(folder)
        await blobs.write(KEY, pieces())
        assert await blobs.remove_leftovers() == 0
        assert files_below(folder) == [left, KEY]
        minutes_ago = time.time() - 61
        os.utime(folder / left, (minutes_ago, minutes_ago))

        assert await blobs.remove_leftovers() == 1
        assert files_below(folder) == [KEY]

    async def test_what_somebody_still_writes_is_no_leftover(self, blobs: ObjectStoreBlobs, folder: Path) -> None:
        began, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            async for piece in pieces(CONTENT * 2):
                yield piece
            began.set()
            await go_on.wait()

        writing = asyncio.ensure_future(blobs.write(KEY, slow()))
        await began.wait()
        [part] = files_below(folder)
        minutes_ago = time.time() - 3_600
        os.utime(folder / part, (minutes_ago, minutes_ago))

        assert await blobs.remove_leftovers() == 0
        go_on.set()
        await writing
        assert await read(blobs) == CONTENT * 2

    async def test_a_full_disk_is_said_and_leaves_nothing(self, folder: Path) -> None:
        """No file may grow beyond a megabyte: to a process that is what a full disk is."""
        script = (
            "import asyncio, resource, signal\n"
            "from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs\n"
            "from lexora_gql.ports.blob_store import BlobStoreAway\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
            "async def pieces():\n    for _ in range(50):\n        yield bytes(100_000)\n"
            f"blobs = ObjectStoreBlobs({str(folder)!r})\n"
            f"try:\n    asyncio.run(blobs.write({KEY!r}, pieces()))\n"
            "except BlobStoreAway as error:\n    print(error.is_full, error)\n"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()

        assert said == b"True The store has no room.\n"
        assert files_below(folder) == []

    async def test_a_folder_that_cannot_be_made_is_a_store_that_is_away(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        blobs = ObjectStoreBlobs(tmp_path / "file" / "blobs")

        with pytest.raises(BlobStoreAway) as refused:
            await blobs.write(KEY, pieces())

        assert not refused.value.is_full

    async def test_a_large_file_needs_little_memory(self, blobs: ObjectStoreBlobs) -> None:
        digest = hashlib.sha256()

        async def large() -> AsyncIterator[bytes]:
            for _ in range(40):
                digest.update(CONTENT)
                yield CONTENT

        tracemalloc.start()
        await blobs.write(KEY, large())
        back = hashlib.sha256()
        async for piece in blobs.read(KEY):
            back.update(piece)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert back.digest() == digest.digest()
        assert peak < 8_000_000

    async def test_old_keys_are_listed_for_whoever_looks_for_orphans(
        self, blobs: ObjectStoreBlobs, folder: Path
    ) -> None:
        assert [key async for key in blobs.keys(older_than_seconds=0)] == []
        for key in ("a/1", "a/2", "b"):
            await blobs.write(key, pieces(b"x"))
        os.utime(folder / "a" / "2", (0, 0))

        assert [key async for key in blobs.keys(older_than_seconds=3_600)] == ["a/2"]
        assert sorted([key async for key in blobs.keys(older_than_seconds=-5)]) == ["a/1", "a/2", "b"]
