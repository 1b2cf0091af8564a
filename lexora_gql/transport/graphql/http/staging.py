"""Files on their way in: hashed and kept aside while they arrive, gone when the request is over."""

import asyncio
import errno
import hashlib
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog

from lexora_gql.documents.service import IncomingFile
from lexora_gql.transport.graphql.refusals import NoRoom

HEAD_BYTES = 8 * 1024
TAIL_BYTES = 64 * 1024
MEMORY_BYTES_MAX = 512 * 1024
"""Of each file; what is larger goes to disk."""
PIECE_BYTES = 1024 * 1024
INLINE_BYTES_MAX = 64 * 1024
"""What is hashed and copied on the event loop: a fraction of a millisecond; going to a thread costs about as much."""

log = structlog.get_logger(__name__)


class SentFile(IncomingFile):
    """A file as resolvers get it."""

    __slots__ = ()

    def __inspect__(self) -> str:
        """Return what graphql-core calls it where it is not wanted."""
        return "a file"


class StagedFile:
    """One file as it arrives.

    Bytes are gathered into pieces of 1 MiB, each of which is hashed and written in a thread. The file they go to has no
    name, so that it goes with the process however that ends.
    """

    def __init__(self, filename: str, *, max_bytes: int) -> None:
        self.filename = filename
        self._max_bytes = max_bytes
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX)  # noqa: SIM115  # closed by `close`
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._pending = bytearray()
        self._head = bytearray()
        self._tail = bytearray()
        self._byte_size = 0
        self._is_too_large = False

    def feed(self, data: bytes) -> None:
        """Take bytes; those beyond the limit are counted and dropped."""
        self._byte_size += len(data)
        if self._byte_size > self._max_bytes:
            self._is_too_large = True
            self._pending.clear()
        else:
            self._pending += data

    @property
    def is_piece_full(self) -> bool:
        """Whether `flush` has enough to do."""
        return len(self._pending) >= PIECE_BYTES

    async def flush(self) -> None:
        """Hash and keep what was fed.

        Raises:
            NoRoom: The disk is full.
        """
        if not self._pending:
            return
        data = bytes(self._pending)
        self._pending.clear()
        try:
            if self._byte_size <= INLINE_BYTES_MAX:
                self._absorb(data)
            else:
                await asyncio.to_thread(self._absorb, data)
        except OSError as error:
            log.warning("upload_not_staged", reason=errno.errorcode.get(error.errno or 0))
            raise NoRoom from error

    def _absorb(self, data: bytes) -> None:
        with self._lock:
            self._hash.update(data)
            self._file.write(data)
            # Now, while it can still be said in words that there is no room.
            self._file.flush()
        self._head += data[: HEAD_BYTES - len(self._head)]
        self._tail = bytearray((self._tail + data)[-TAIL_BYTES:])

    def finished(self) -> IncomingFile:
        """Return the file as the service takes it; good until `close`."""
        return SentFile(
            filename=self.filename,
            byte_size=self._byte_size,
            sha256=self._hash.digest(),
            head=bytes(self._head),
            tail=bytes(self._tail),
            pieces=self._pieces,
            is_too_large=self._is_too_large,
        )

    async def _pieces(self) -> AsyncIterator[bytes]:
        offset = 0
        while piece := await asyncio.to_thread(self._read, offset):
            offset += len(piece)
            yield piece

    def _read(self, offset: int) -> bytes:
        # The place is the file's, and two readers may be at it.
        with self._lock:
            self._file.seek(offset)
            return self._file.read(PIECE_BYTES)

    async def close(self) -> None:
        """Remove the bytes."""
        # What is still to be written is not wanted any more, and on a full disk it cannot be.
        with suppress(OSError):
            await asyncio.to_thread(self._file.close)
