"""Files in a folder or in a bucket, through obstore."""

import asyncio
import re
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from lexora_gql.adapters.blob_errors import bucket_errors, folder_errors
from lexora_gql.adapters.bucket_uploads import put
from lexora_gql.adapters.durable_files import INCOMING, delete_durably, remove_leftovers, write_durably
from lexora_gql.ports.blob_store import BlobMissing, BlobStoreAway

PIECE_BYTES = 256 * 1024

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,199}){0,7}")
BUCKETS = ("s3://", "gs://", "az://")
BUCKET_SECONDS = 900
"""Limit of one request with its body: whoever downloads may be slow."""
LISTED_AT_ONCE = 1_000
RETRIES, RETRY_SECONDS = 4, 15
"""Of one request to a bucket: whoever asked is told soon, and asks again."""


class ObjectStoreBlobs:
    """A BlobStore in a local folder, or in a bucket of S3, Google Cloud or Azure.

    Keys are names of ASCII letters, digits, dots, dashes and underscores, parted by slashes.
    """

    def __init__(self, place: Path | str) -> None:
        """Prepare; nothing is touched before it is needed.

        Args:
            place: A folder (made when it is not there), or s3://, gs:// or az:// with bucket and prefix; its region
                and credentials come from where the vendor's own tools look for them. memory:// keeps nothing.

        Raises:
            ValueError: It is an address of another kind.
        """
        address = str(place)
        self._folder: Path | None = None
        self._store: ObjectStore | None = None
        if address.startswith(BUCKETS):
            # Plain HTTP is for endpoints that are set to it, such as a MinIO next door; the vendors' own are HTTPS.
            options: Any = {"timeout": f"{BUCKET_SECONDS}s", "connect_timeout": "10s", "allow_http": True}
            retries: Any = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)}
            self._store = from_url(address, client_options=options, retry_config=retries)
        elif address.startswith("memory://"):
            self._store = from_url("memory:///")
        elif "://" in address:
            message = f"{address.partition('://')[0]}:// is no place for files; a folder, s3://, gs:// and az:// are."
            raise ValueError(message)
        else:
            self._folder = Path(place).absolute()

    async def write(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Store bytes durably; nothing is left under the key when this fails or is cancelled.

        Raises:
            ValueError: The key is none.
            BlobStoreAway: The bytes could not be stored.
        """
        _require_key(key)
        if self._folder is not None:
            await write_durably(self._folder, key, pieces)
            return
        try:
            await put(self._opened(), key, pieces)
        except BaseException:
            # A bucket shows no half-written object, but the last reply may have been lost. Where it does not answer
            # either, whoever looks for orphans finds it.
            with suppress(BlobStoreAway):
                await asyncio.shield(self.delete(key))
            raise

    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from `start` to just before `end` or the last, in pieces.

        Raises:
            BlobMissing: There is nothing under the key.
            BlobStoreAway: The store does not answer, or stops doing so.
        """
        _require_key(key)
        options: Any = None
        try:
            with folder_errors(), bucket_errors():
                store = self._opened()
                if start > 0 or end is not None:
                    size = (await obstore.head_async(store, key))["size"]
                    end = size if end is None else min(end, size)
                    if start >= end:
                        return
                    options = {"range": (start, end)}
                found = await obstore.get_async(store, key, options=options)
        except FileNotFoundError:
            raise BlobMissing(key) from None
        pieces = aiter(found.stream(min_chunk_size=PIECE_BYTES))
        try:
            while True:
                # Not around the yield, where the reader's own errors would be taken for the store's.
                with folder_errors(), bucket_errors():
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                if piece:
                    yield bytes(piece)
        finally:
            # The file is open for as long as these are there, and the traceback of a cancellation keeps them.
            del found, pieces

    @asynccontextmanager
    async def local_file(self, key: str) -> AsyncIterator[Path]:
        """Give the bytes as a local file to read: the stored one, or a copy for as long as the context lasts.

        The copy has no name but its descriptor's, so that it goes with the process however that ends.

        Raises:
            BlobMissing: There is nothing under the key.
        """
        _require_key(key)
        if self._folder is not None:
            path = self._folder / key
            if not await asyncio.to_thread(path.is_file):
                raise BlobMissing(key)
            yield path
            return
        with tempfile.TemporaryFile() as copy:
            async for piece in self.read(key):
                await asyncio.to_thread(copy.write, piece)
            copy.flush()
            yield Path(f"/dev/fd/{copy.fileno()}")

    async def delete(self, key: str) -> None:
        """Remove the bytes; fine when there are none.

        Raises:
            BlobStoreAway: They may still be there.
        """
        _require_key(key)
        if self._folder is not None:
            with folder_errors():
                await asyncio.to_thread(delete_durably, self._folder, key)
            return
        with suppress(FileNotFoundError), bucket_errors():
            await obstore.delete_async(self._opened(), key)

    async def keys(self, *, older_than_seconds: float) -> AsyncIterator[str]:
        """Yield the keys of what was written so long ago, for finding files that no document names.

        Args:
            older_than_seconds: More than an upload may take, or files appear whose row is not committed yet.

        Raises:
            BlobStoreAway: The store does not answer; not all keys were given.
        """
        limit = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        if self._folder is not None and not await asyncio.to_thread(self._folder.is_dir):
            return
        batches = aiter(obstore.list(self._opened(), chunk_size=LISTED_AT_ONCE))
        while True:
            try:
                with bucket_errors():
                    batch = await anext(batches, None)
            except OSError as error:
                raise BlobStoreAway from error
            if batch is None:
                return
            for found in batch:
                if found["last_modified"] < limit and not found["path"].startswith(f"{INCOMING}/"):
                    yield found["path"]

    async def remove_leftovers(self) -> int:
        """Remove what killed processes left half written, and return how many files that were.

        A bucket shows none of that; its own rules end uploads that nobody goes on with.
        """
        if self._folder is None:
            return 0
        with folder_errors():
            return await asyncio.to_thread(remove_leftovers, self._folder)

    def _opened(self) -> ObjectStore:
        if self._store is None:
            if self._folder is None or not self._folder.is_dir():
                raise FileNotFoundError
            self._store = LocalStore(self._folder)
        return self._store


def _require_key(key: str) -> None:
    if not KEY.fullmatch(key):
        message = f"{key[:100]!r} is no key: names of letters, digits, dots, dashes and underscores, parted by slashes."
        raise ValueError(message)
