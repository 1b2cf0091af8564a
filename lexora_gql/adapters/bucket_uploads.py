"""Uploads to a bucket that are there whole or not at all, and of which nothing is left that would be paid for."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

import obstore
from obstore.store import ObjectStore

from lexora_gql.adapters.blob_errors import bucket_errors
from lexora_gql.ports.blob_store import BlobStoreAway

PART_BYTES = 8 * 1024 * 1024
PARTS_AT_ONCE = 2
"""With PART_BYTES the most that an upload holds in memory, but for one part more."""
GIVE_UP_SECONDS = 10.0
"""How long a bucket may take to forget the parts of an upload that was cancelled."""


async def put(store: ObjectStore, key: str, pieces: AsyncIterable[bytes]) -> None:
    """Store bytes under a key; where this fails or is cancelled, the parts that have come are given up.

    Raises:
        BlobStoreAway: The bucket is not there, does not answer or refuses; errors of `pieces` pass as they are.
    """
    stopped = asyncio.Event()
    options: Any = {"use_multipart": True, "chunk_size": PART_BYTES, "max_concurrency": PARTS_AT_ONCE}
    putting = asyncio.ensure_future(obstore.put_async(store, key, _until(stopped, _not_empty(pieces)), **options))
    try:
        with bucket_errors():
            await asyncio.shield(putting)
    except FileNotFoundError as error:
        # It is the bucket that is not there.
        raise BlobStoreAway from error
    except asyncio.CancelledError:
        # Where the call itself is cancelled, the parts that have come stay in the bucket and are paid for; where the
        # bytes stop coming, they are given up.
        stopped.set()
        await asyncio.wait({putting}, timeout=GIVE_UP_SECONDS)
        putting.cancel()
        await asyncio.gather(putting, return_exceptions=True)
        raise


class _Stopped(Exception):
    """The upload is not wanted any more."""


async def _until(stopped: asyncio.Event, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces until told to stop, which is an error then; waiting for a piece that never comes ends, too."""
    stopping = asyncio.ensure_future(stopped.wait())
    try:
        while True:
            coming = asyncio.ensure_future(anext(pieces, None))
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
                raise _Stopped
            piece = await coming
            if piece is None:
                return
            yield piece
    finally:
        stopping.cancel()


async def _not_empty(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if piece:
            yield piece
