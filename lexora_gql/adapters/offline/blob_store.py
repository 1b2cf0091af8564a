"""Bytes in memory."""

import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lexora_gql.ports.blob_store import BlobMissing, BlobStoreAway


class InMemoryBlobs:
    """A BlobStore that forgets everything with the process.

    Attributes:
        blobs: All that is stored, by key.
        written_at: When that was, by the monotonic clock; what is put into `blobs` by hand is as old as can be.
        trouble: Raised whatever is asked for, where it is set: how tests take the store away.
    """

    def __init__(self, *, piece_bytes: int = 64 * 1024) -> None:
        self.blobs: dict[str, bytes] = {}
        self.written_at: dict[str, float] = {}
        self.trouble: BlobStoreAway | None = None
        self._piece_bytes = piece_bytes

    async def write(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Store bytes; nothing is left under the key when this fails or is cancelled."""
        _require_key(key)
        content = b"".join([piece async for piece in pieces])
        self._require_there()
        self.blobs[key] = content
        self.written_at[key] = time.monotonic()

    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from `start` to just before `end`, in pieces.

        Raises:
            BlobMissing: There is nothing under the key.
        """
        content = self._content(key)[start:end]
        for place in range(0, len(content), self._piece_bytes):
            yield content[place : place + self._piece_bytes]

    @asynccontextmanager
    async def local_file(self, key: str) -> AsyncIterator[Path]:
        """Give the bytes as a temporary file.

        Raises:
            BlobMissing: There is nothing under the key.
        """
        with tempfile.NamedTemporaryFile() as copy:
            copy.write(self._content(key))
            copy.flush()
            yield Path(copy.name)

    async def delete(self, key: str) -> None:
        """Remove the bytes; fine when there are none."""
        _require_key(key)
        self._require_there()
        self.blobs.pop(key, None)

    async def keys(self, *, older_than_seconds: float) -> AsyncIterator[str]:
        """Yield the keys of what was written so long ago."""
        self._require_there()
        limit = time.monotonic() - older_than_seconds
        for key in list(self.blobs):
            if self.written_at.get(key, float("-inf")) < limit:
                yield key

    async def remove_leftovers(self) -> int:
        """Return 0: nothing is ever half written here."""
        self._require_there()
        return 0

    def _require_there(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def _content(self, key: str) -> bytes:
        _require_key(key)
        self._require_there()
        try:
            return self.blobs[key]
        except KeyError:
            raise BlobMissing(key) from None


def _require_key(key: str) -> None:
    if not key or any(part.strip(".") == "" for part in key.split("/")):
        message = f"{key[:100]!r} is no key."
        raise ValueError(message)
