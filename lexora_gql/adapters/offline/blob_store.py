"""Bytes in memory."""

import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lexora_gql.ports.blob_store import BlobMissing


class InMemoryBlobs:
    """A BlobStore that forgets everything with the process.

    Attributes:
        blobs: All that is stored, by key.
    """

    def __init__(self, *, piece_bytes: int = 64 * 1024) -> None:
        self.blobs: dict[str, bytes] = {}
        self._piece_bytes = piece_bytes

    async def write(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Store bytes; nothing is left under the key when this fails or is cancelled."""
        _require_key(key)
        self.blobs[key] = b"".join([piece async for piece in pieces])

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
        self.blobs.pop(key, None)

    def _content(self, key: str) -> bytes:
        _require_key(key)
        try:
            return self.blobs[key]
        except KeyError:
            raise BlobMissing(key) from None


def _require_key(key: str) -> None:
    if not key or any(part.strip(".") == "" for part in key.split("/")):
        message = f"{key[:100]!r} is no key."
        raise ValueError(message)
