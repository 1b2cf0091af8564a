"""Looking for files that no document names, and removing them."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select

from lexora_gql.documents.blob_keys import document_of
from lexora_gql.documents.models import Document, Purge
from lexora_gql.ports.blob_store import BlobMissing, BlobStore, BlobStoreAway
from lexora_gql.storage.database import SWEEPER, Database
from lexora_gql.telemetry.metrics import Metrics

SAFE_AGE_SECONDS = 3_600.0
"""Bytes are stored a moment before their row: what is younger may belong to an upload that is under way."""
BATCH = 1_000
SUSPICIOUS = 10
"""More orphans than this that are also more than half of all files are taken for a sign of a wrong database."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in the blob store, and what became of it.

    Attributes:
        files: Old enough to be looked at, with keys as this server makes them.
        orphans: Those of them that no document names.
        removed: Of the orphans.
        is_refused: So much would have been removed that nothing was.
    """

    files: int
    orphans: int
    removed: int
    is_refused: bool = False

    @property
    def left(self) -> int:
        """Orphans that are still there."""
        return self.orphans - self.removed


@dataclass(frozen=True, slots=True)
class FileAudit:
    """Compares files with rows; any number of processes may do so at a time.

    A process that is killed between the bytes and their row leaves an orphan behind, and so does a database that is set
    back to an older state.
    """

    database: Database
    blobs: BlobStore
    metrics: Metrics

    async def audit(self, *, is_forced: bool = False) -> Audit:
        """Remove the files that no document names, count them and tell the metrics.

        Args:
            is_forced: Remove them also where they are most of what is there.

        Raises:
            BlobStoreAway: The blob store does not answer; some may have been removed.
            DatabaseAway: PostgreSQL does not.
        """
        files, orphans = 0, list[str]()
        async for batch in self._batches():
            files += len(batch)
            orphans += [key for key in await self._orphans_of(batch) if await self._is_there(key)]
        is_refused = len(orphans) > max(SUSPICIOUS, files // 2) and not is_forced
        removed = 0 if is_refused else await self._remove(orphans)
        audit = Audit(files, len(orphans), removed, is_refused)
        self.metrics.orphans.set(audit.left)
        self.metrics.orphans_removed_total.inc(removed)
        tell = log.error if audit.left else log.info
        tell("files_audited", files=files, orphans=audit.orphans, removed=removed, is_refused=is_refused)
        return audit

    async def _batches(self) -> AsyncIterator[dict[str, UUID]]:
        """Yield keys with the documents that they were made for, so many at a time."""
        batch: dict[str, UUID] = {}
        async for key in self.blobs.keys(older_than_seconds=SAFE_AGE_SECONDS):
            # Whatever else somebody keeps there is none of ours.
            if (document_id := document_of(key)) is not None:
                batch[key] = document_id
            if len(batch) >= BATCH:
                yield batch
                batch = {}
        yield batch

    async def _orphans_of(self, batch: dict[str, UUID]) -> Collection[str]:
        async with self.database.transaction(SWEEPER) as session:
            named = await session.scalars(select(Document.blob_key).where(Document.id.in_(batch.values())))
            # Their removal is under way, and watched.
            purged = await session.scalars(select(Purge.blob_key).where(Purge.blob_key.in_(batch)))
            return batch.keys() - {*named, *purged}

    async def _is_there(self, key: str) -> bool:
        """Return whether a file is still there: it may have been purged since it was listed."""
        try:
            await anext(self.blobs.read(key, end=1), None)
        except BlobMissing:
            return False
        return True

    async def _remove(self, orphans: list[str]) -> int:
        removed = 0
        for key in orphans:
            try:
                await self.blobs.delete(key)
            except BlobStoreAway:
                break
            removed += 1
        return removed
