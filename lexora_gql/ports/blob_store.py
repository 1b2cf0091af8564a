"""Where the bytes of files are kept."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol


class BlobMissing(Exception):
    """There are no bytes under this key."""


class BlobStoreAway(Exception):
    """The store does not do what it is asked for at the moment; worth retrying.

    Attributes:
        is_full: It has no room.
    """

    def __init__(self, *, is_full: bool = False) -> None:
        super().__init__("The store has no room." if is_full else "The store does not answer.")
        self.is_full = is_full


class BlobStore(Protocol):
    """Bytes by key; a key is written once and never changed. Whatever is asked of it may raise BlobStoreAway."""

    async def write(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Store bytes durably; nothing is left under the key when this fails or is cancelled."""
        ...

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
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

    def keys(self, *, older_than_seconds: float) -> AsyncIterator[str]:
        """Yield the keys of what was written so long ago, for finding files that no document names.

        Args:
            older_than_seconds: More than an upload may take, or files appear whose row is not committed yet.
        """
        ...

    async def remove_leftovers(self) -> int:
        """Remove what killed processes left half written, and return how many files that were."""
        ...
