"""What every BlobStore promises; each adapter and its twin run it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lexora_gql.ports.blob_store import BlobMissing, BlobStore

KEY = "9f0c/4d1e-8a"
CONTENT = bytes(range(256)) * 4_000
"""A megabyte, four pieces long."""


async def pieces(content: bytes = CONTENT, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(blobs: BlobStore, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.read(KEY, start=start, end=end)])


async def is_there(blobs: BlobStore) -> bool:
    try:
        await read(blobs)
    except BlobMissing:
        return False
    return True


class BlobStoreContract:
    """What every BlobStore promises."""

    async def test_what_was_written_is_read_again(self, blobs: BlobStore) -> None:
        await blobs.write(KEY, pieces())

        assert await read(blobs) == CONTENT

    async def test_an_empty_file_is_a_file(self, blobs: BlobStore) -> None:
        await blobs.write(KEY, pieces(b""))

        assert await read(blobs) == b""
        async with blobs.local_file(KEY) as path:
            assert path.read_bytes() == b""

    @pytest.mark.parametrize(
        ("start", "end"),
        [(0, 10), (5, 5), (999_999, None), (1_000, 700_000), (0, 9_999_999), (9_999_999, None), (7, 3)],
    )
    async def test_a_part_is_read(self, blobs: BlobStore, start: int, end: int | None) -> None:
        await blobs.write(KEY, pieces())

        assert await read(blobs, start, end) == CONTENT[start:end]

    async def test_it_is_read_in_pieces(self, blobs: BlobStore) -> None:
        await blobs.write(KEY, pieces(CONTENT * 4))

        sizes = [len(piece) async for piece in blobs.read(KEY)]

        assert sum(sizes) == len(CONTENT) * 4
        assert min(sizes) > 0

    async def test_it_is_given_as_a_local_file(self, blobs: BlobStore) -> None:
        await blobs.write(KEY, pieces())

        async with blobs.local_file(KEY) as path:
            assert path.read_bytes() == CONTENT

    async def test_what_is_not_there_is_missing(self, blobs: BlobStore) -> None:
        with pytest.raises(BlobMissing):
            await read(blobs)
        with pytest.raises(BlobMissing):
            await read(blobs, 5, 6)
        with pytest.raises(BlobMissing):
            async with blobs.local_file(KEY):
                pass

    async def test_deleting_leaves_the_others_and_may_be_repeated(self, blobs: BlobStore) -> None:
        await blobs.write(KEY, pieces())
        await blobs.write("9f0c/other", pieces(b"other"))

        await blobs.delete(KEY)
        await blobs.delete(KEY)

        assert not await is_there(blobs)
        assert b"".join([piece async for piece in blobs.read("9f0c/other")]) == b"other"

    async def test_of_a_write_that_fails_nothing_is_left(self, blobs: BlobStore) -> None:
        async def broken() -> AsyncIterator[bytes]:
            async for piece in pieces(CONTENT * 10):
                yield piece
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await blobs.write(KEY, broken())

        assert not await is_there(blobs)

    async def test_of_a_write_that_is_cancelled_nothing_is_left(self, blobs: BlobStore) -> None:
        began = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            async for piece in pieces(CONTENT * 10):
                yield piece
            began.set()
            await asyncio.Event().wait()

        writing = asyncio.ensure_future(blobs.write(KEY, endless()))
        await began.wait()
        writing.cancel()
        await asyncio.wait([writing])

        assert writing.cancelled()
        assert not await is_there(blobs)

    @pytest.mark.parametrize("key", ["", "..", "../etc", "a/../b", "/etc/passwd", "a//b", "a/", "./a"])
    async def test_a_key_never_leads_elsewhere(self, blobs: BlobStore, key: str) -> None:
        with pytest.raises(ValueError, match="key"):
            await blobs.write(key, pieces())
        with pytest.raises(ValueError, match="key"):
            await anext(aiter(blobs.read(key)))
        with pytest.raises(ValueError, match="key"):
            await blobs.delete(key)
        with pytest.raises(ValueError, match="key"):
            async with blobs.local_file(key):
                pass
