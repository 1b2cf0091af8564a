"""What is put in order now and then, and what nobody asks for."""

from dataclasses import dataclass

from lexora_gql.conversations.sweeping import KeySweep
from lexora_gql.documents.auditing import Audit, FileAudit
from lexora_gql.documents.purging import Purging
from lexora_gql.errors import Unavailable
from lexora_gql.ports.blob_store import BlobStoreAway
from lexora_gql.retrieval.tidying import IndexTidying

TIDY_SECONDS = 20.0
"""With the writing of snapshots that follows well within a minute."""
AUDIT_SECONDS = 24 * 3_600.0
AUDIT_AFTER_SECONDS = 60.0
"""A server that is switched off every evening is looked through all the same, and its start is over by then."""


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Removes what has served its time; each part may run anywhere, any number of times."""

    purging: Purging
    files: FileAudit
    keys: KeySweep
    indexes: IndexTidying

    async def purge(self) -> None:
        """Remove the bytes of deleted documents."""
        await self.purging.tend()

    async def tidy(self) -> None:
        """Take out of the index what is deleted, though nobody searches for it."""
        await self.indexes.tidy()

    async def tidy_unsearched(self) -> None:
        """Do so in a process that does not search: its slot may hold what an earlier one left that did."""
        await self.indexes.tidy(is_searched=False)

    async def audit(self) -> None:
        """Look for all that was left behind without anybody knowing.

        Raises:
            Unavailable: PostgreSQL or the blob store is away.
        """
        await self.keys.sweep()
        await self.look_through_files()

    async def look_through_files(self, *, is_forced: bool = False) -> Audit:
        """Remove the files that no document names; see `FileAudit.audit`.

        Raises:
            Unavailable: PostgreSQL or the blob store is away.
        """
        try:
            return await self.files.audit(is_forced=is_forced)
        except BlobStoreAway as error:
            message = "The files cannot be looked through: the blob store does not answer."
            raise Unavailable(message) from error
