"""Writing files that are there whole or not at all, whatever is killed when.

obstore's own store of local files renames, but does not wait for the disk, so a file that was acknowledged could be
empty after a power cut.
"""

import asyncio
import fcntl
import os
import threading
import time
from collections.abc import AsyncIterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from lexora_gql.adapters.blob_errors import folder_errors

INCOMING = ".incoming"
"""Folder, beside the files, of what is still being written."""

BUFFER_BYTES = 1024 * 1024
LEFTOVER_SECONDS = 60.0
"""What nobody holds the lock of is removed after so long: it is taken a moment after the file is made."""
LEFTOVER_SECONDS_MAX = 24 * 3_600.0
"""What is locked, or cannot be locked where it is, is removed after so long; no upload takes that long."""


async def write_durably(folder: Path, key: str, pieces: AsyncIterable[bytes]) -> None:
    """Write a file below a folder; it and the folders that lead to it are on the disk on return.

    Blocking calls run in threads. If this fails or is cancelled nothing is left, even where a thread was just renaming.

    Raises:
        BlobStoreAway: The folder cannot be written to, or is full; errors of `pieces` pass as they are.
    """
    upload = _Upload(folder, key)
    buffer = bytearray()
    try:
        async for piece in pieces:
            buffer += piece
            if len(buffer) >= BUFFER_BYTES:
                with folder_errors():
                    await asyncio.to_thread(upload.write, bytes(buffer))
                buffer.clear()
        with folder_errors():
            await asyncio.to_thread(upload.publish, bytes(buffer))
    except BaseException:
        await asyncio.shield(asyncio.to_thread(upload.discard))
        raise


def delete_durably(folder: Path, key: str) -> None:
    """Remove a file, if it is there."""
    path = folder / key
    with suppress(FileNotFoundError):
        path.unlink()
        _sync_folder(path.parent)


def remove_leftovers(folder: Path) -> int:
    """Remove what killed processes left half written; return how many files that were."""
    parts = list((folder / INCOMING).glob("*"))
    return sum(_is_removed(part) for part in parts)


def _is_removed(part: Path) -> bool:
    with suppress(FileNotFoundError):
        age_seconds = time.time() - part.stat().st_mtime
        if age_seconds > LEFTOVER_SECONDS_MAX or (age_seconds > LEFTOVER_SECONDS and _is_abandoned(part)):
            part.unlink()
            return True
    return False


def _is_abandoned(part: Path) -> bool:
    """Return whether whoever wrote a file is gone: a lock ends with its process."""
    with part.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class _Upload:
    """One file on its way; its calls come from several threads, one after another."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._target = folder / key
        self._part = folder / INCOMING / uuid4().hex
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()
        self._is_discarded = False
        self._is_published = False

    def write(self, data: bytes) -> None:
        with self._lock:
            # A call that was cancelled may still have been waiting for a thread.
            if not self._is_discarded:
                self._opened().write(data)

    def publish(self, last: bytes) -> None:
        with self._lock:
            if self._is_discarded:
                return
            file = self._opened()
            file.write(last)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            _make_folder(self._target.parent)
            self._part.rename(self._target)
            self._is_published = True
            _sync_folder(self._target.parent)

    def discard(self) -> None:
        with self._lock:
            self._is_discarded = True
            if self._file is not None:
                # Closing writes what is buffered, which fails again where the disk is full.
                with suppress(OSError):
                    self._file.close()
            # Whoever waits wants to know why it is discarded, not why that does not succeed; what is left is found.
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
                if self._is_published:
                    delete_durably(self._folder, str(self._target.relative_to(self._folder)))

    def _opened(self) -> BinaryIO:
        if self._file is None:
            _make_folder(self._part.parent)
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "wb")
            # Some network folders know no locks; what is left over there goes later.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return self._file


def _make_folder(path: Path) -> None:
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
