"""Where the bytes of files are kept."""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol


class BlobMissing(Exception):
    """There are no bytes under this key."""


class BlobStore(Protocol):
    """Bytes by key; a key is written once and never changed."""

    async def write(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Store bytes durably; nothing is left under the key when this fails or is cancelled."""
        ...

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` to just before `end`, in pieces.

        Raises:
            BlobMissing: There is nothing under the key.
        """
        ...

    def local_file(self, key: str) -> AbstractAsyncContextManager[Path]:
        """Give the bytes as a local file to read, for as long as the context lasts.

        Raises:
            BlobMissing: There is nothing under the key.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the bytes; fine when there are none."""
        ...
