"""Keeping a lease and telling how far the work is, from one task beside the work."""

import asyncio
import time
from dataclasses import dataclass, field, replace

from lexora_gql.documents.changes import Publication
from lexora_gql.documents.errors import LeaseLost
from lexora_gql.documents.leases import Claim, LeaseRepository, Progress
from lexora_gql.documents.models import IngestionStage
from lexora_gql.documents.pace import Estimate
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.storage.database import WORKER, Database, DatabaseAway

# Each stage's share of the whole, as measured on PDFs with the built-in embedder.
SHARES = {
    IngestionStage.PARSING: (0.0, 0.5),
    IngestionStage.CHUNKING: (0.5, 0.55),
    IngestionStage.EMBEDDING: (0.55, 0.9),
    IngestionStage.INDEXING: (0.9, 1.0),
}
# A subscriber reads at most four states a second, so more would only be written. What is done sooner after its claim
# says nothing in between: of small documents, writing it would take longer than reading them.
REPORT_SECONDS = 0.3
# Passages; to commit more may take long enough to be told of.
FEW = 80


@dataclass(slots=True)
class ProgressKeeper:
    """Renews a claim's lease and writes its progress; ends with LeaseLost when the lease is somebody else's."""

    database: Database
    bus: EventBus
    claim: Claim
    lease_seconds: float
    renewal_seconds: float
    estimate: Estimate
    latest: Progress | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    # The claim was a moment ago, and says that the document is being parsed.
    _written_at: float = field(default_factory=time.monotonic)

    def report(self, stage: IngestionStage, done: int = 0, total: int | None = None) -> None:
        """Say how far the work is; written soon, and only the latest."""
        low, high = SHARES[stage]
        fraction = low + (high - low) * (min(done / total, 1.0) if total else 0.0)
        self.estimate.report(stage, done, total)
        self.latest = Progress(stage, done, total, max(fraction, self.fraction), None)
        self._news.set()

    async def tell(self, stage: IngestionStage, done: int = 0, total: int | None = None) -> None:
        """Renew, and write how far the work is, at once: nobody keeps the lease any more.

        Not where little is left to do, and the lease was taken or renewed a moment ago.

        Raises:
            LeaseLost: Stop working: what would be written now would be refused.
        """
        self.report(stage, done, total)
        if total is None or total > FEW or not self.is_fresh:
            await self._write(self.latest)

    @property
    def is_fresh(self) -> bool:
        """Whether the document was claimed, or its lease renewed, a moment ago."""
        return time.monotonic() - self._written_at < REPORT_SECONDS

    @property
    def fraction(self) -> float:
        """How far this attempt ever was, also before it was given back."""
        return self.latest.fraction if self.latest is not None else self.claim.document.fraction

    @property
    def stage(self) -> IngestionStage:
        """What is being done."""
        return self.latest.stage if self.latest is not None else IngestionStage.PARSING

    async def keep(self) -> None:
        """Renew and write until cancelled.

        Raises:
            LeaseLost: Stop working: what would be written now would be refused.
        """
        deadline = time.monotonic() + self.lease_seconds
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            try:
                async with asyncio.timeout(self.renewal_seconds):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            try:
                await self._write(self.latest)
                deadline = time.monotonic() + self.lease_seconds
            except DatabaseAway:
                if time.monotonic() > deadline:
                    raise LeaseLost from None

    async def _write(self, progress: Progress | None) -> None:
        if progress is not None:
            # Of this moment: where nothing has moved for long, nobody can say any more.
            progress = replace(progress, eta_seconds=self.estimate.remaining_seconds())
        publication = Publication()
        async with self.database.transaction(WORKER) as session:
            await LeaseRepository(session).renew(self.claim, progress, seconds=self.lease_seconds)
            document = self.claim.document
            await publication.record(session, document.collection_id, [document.id])
        self._written_at = time.monotonic()
        await publication.ring(self.bus)
