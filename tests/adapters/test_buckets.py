"""Files in a bucket, over S3's own protocol."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from lexora_gql.adapters import object_store_blobs
from lexora_gql.adapters.bucket_uploads import PART_BYTES
from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs
from lexora_gql.ports.blob_store import BlobStoreAway
from tests.adapters.blob_store_contract import CONTENT, KEY, BlobStoreContract, is_there, pieces, read
from tests.adapters.s3_server import S3Server, s3_server
from tests.embedded.running_up import free_port

LARGE = b"\x07" * PART_BYTES
"""One part of a multipart upload; anything beyond it needs a second."""


@pytest.fixture(scope="session")
async def s3() -> AsyncIterator[S3Server]:
    async with s3_server() as running:
        yield running


@pytest.fixture
async def bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty bucket that this process is set to."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    name = f"lexora-{uuid4().hex[:12]}"
    await s3.make_bucket(name)
    return name


@pytest.fixture
def blobs(bucket: str) -> ObjectStoreBlobs:
    return ObjectStoreBlobs(f"s3://{bucket}/files")


async def keys(blobs: ObjectStoreBlobs, *, older_than_seconds: float = -60) -> list[str]:
    return sorted([key async for key in blobs.keys(older_than_seconds=older_than_seconds)])


class TestS3(BlobStoreContract):
    """The contract, where every call is a request."""


class TestManyParts:
    async def test_a_file_of_several_parts_comes_back_whole(self, blobs: ObjectStoreBlobs) -> None:
        content = LARGE + LARGE + CONTENT

        await blobs.write(KEY, pieces(content, 1_000_000))

        assert await read(blobs) == content
        assert await read(blobs, PART_BYTES - 3, PART_BYTES + 3) == content[PART_BYTES - 3 : PART_BYTES + 3]

    async def test_an_upload_that_breaks_off_is_aborted(
        self, s3: S3Server, bucket: str, blobs: ObjectStoreBlobs
    ) -> None:
        async def broken() -> AsyncIterator[bytes]:
            async for piece in pieces(LARGE * 3, 1_000_000):
                yield piece
            assert await s3.unfinished_uploads(bucket) == [f"files/{KEY}"]
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await blobs.write(KEY, broken())

        assert await s3.unfinished_uploads(bucket) == []
        assert not await is_there(blobs)

    async def test_an_upload_that_is_cancelled_is_aborted(
        self, s3: S3Server, bucket: str, blobs: ObjectStoreBlobs
    ) -> None:
        began = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            async for piece in pieces(LARGE * 3, 1_000_000):
                yield piece
            began.set()
            await asyncio.Event().wait()

        writing = asyncio.ensure_future(blobs.write(KEY, endless()))
        await began.wait()
        writing.cancel()
        await asyncio.wait([writing])

        assert await s3.unfinished_uploads(bucket) == []
        assert not await is_there(blobs)


class TestKeys:
    async def test_those_of_its_own_folder_are_listed(self, bucket: str, blobs: ObjectStoreBlobs) -> None:
        elsewhere = ObjectStoreBlobs(f"s3://{bucket}/elsewhere")
        for key in ("a/1", "a/2", "b"):
            await blobs.write(key, pieces(b"x"))
        await elsewhere.write("c", pieces(b"x"))

        assert await keys(blobs) == ["a/1", "a/2", "b"]
        assert await keys(elsewhere) == ["c"]
        assert await keys(blobs, older_than_seconds=3_600) == []

    async def test_more_than_a_page_is_listed(self, blobs: ObjectStoreBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(object_store_blobs, "LISTED_AT_ONCE", 7)
        names = [f"a/{n:03d}" for n in range(30)]
        await asyncio.gather(*(blobs.write(name, pieces(b"x")) for name in names))

        assert await keys(blobs) == names


class TestABucketThatIsAway:
    @pytest.fixture
    def away(self, bucket: str, monkeypatch: pytest.MonkeyPatch) -> ObjectStoreBlobs:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setattr(object_store_blobs, "RETRIES", 1)
        return ObjectStoreBlobs(f"s3://{bucket}/files")

    async def test_everything_says_so(self, away: ObjectStoreBlobs) -> None:
        with pytest.raises(BlobStoreAway):
            await away.write(KEY, pieces())
        with pytest.raises(BlobStoreAway):
            await read(away)
        with pytest.raises(BlobStoreAway):
            await read(away, 5, 6)
        with pytest.raises(BlobStoreAway):
            await away.delete(KEY)
        with pytest.raises(BlobStoreAway):
            await keys(away)
        with pytest.raises(BlobStoreAway):
            async with away.local_file(KEY):
                pass

    async def test_a_bucket_that_is_not_there_takes_nothing(self, bucket: str) -> None:
        blobs = ObjectStoreBlobs(f"s3://{bucket}-not-there/files")

        with pytest.raises(BlobStoreAway):
            await blobs.write(KEY, pieces())
        with pytest.raises(BlobStoreAway):
            await keys(blobs)


class TestAKilledProcess:
    async def test_its_copy_goes_with_it(self, blobs: ObjectStoreBlobs, bucket: str, tmp_path: Path) -> None:
        await blobs.write(KEY, pieces())
        script = (
            "import asyncio, os\nfrom lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs\n"
            "async def hold():\n"
            f"    async with ObjectStoreBlobs('s3://{bucket}/files').local_file({KEY!r}) as path:\n"
            "        print(path.stat().st_size, len(os.listdir(os.environ['TMPDIR'])), flush=True)\n"
            "        await asyncio.Event().wait()\n"
            "asyncio.run(hold())\n"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        assert process.stdout is not None
        said = await process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        await process.wait()

        assert said == f"{len(CONTENT)} 0\n".encode()
        assert await asyncio.to_thread(os.listdir, tmp_path) == []
