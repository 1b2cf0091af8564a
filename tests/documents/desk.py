"""Everything that takes documents in and reads them, over a real database and offline twins."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.blob_store import InMemoryBlobs
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.adapters.offline.job_queue import InMemoryJobQueue
from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.conversations.references import QuoteReferences
from lexora_gql.documents.auditing import FileAudit
from lexora_gql.documents.collections import CollectionService
from lexora_gql.documents.feed import DocumentFeed
from lexora_gql.documents.ingestion import IngestionLimits, IngestionService
from lexora_gql.documents.media_types import ACCEPTED_MEDIA_TYPES
from lexora_gql.documents.models import Chunk, Document, DocumentText
from lexora_gql.documents.publishing import Publisher
from lexora_gql.documents.purging import Purging
from lexora_gql.documents.reconciliation import DocumentReconciler
from lexora_gql.documents.service import Accepted, DocumentService, IncomingFile
from lexora_gql.documents.vectors import VectorStore
from lexora_gql.ports.embedder import Embedder
from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database
from lexora_gql.telemetry.metrics import Metrics

FILE_BYTES_MAX = 1_000
LIMITS = IngestionLimits(chunk_characters=200, chunk_overlap_characters=20, lease_seconds=20.0, renewal_seconds=5.0)
LONG_TEXT = "\n\n".join(f"Paragraph {n} says that the canteen opens at {n} o'clock on working days." for n in range(9))


def incoming(content: bytes | str, filename: str = "paper.txt", *, is_too_large: bool = False) -> IncomingFile:
    """Return a file as the reader of multipart bodies hands it over."""
    data = content.encode() if isinstance(content, str) else content

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 100):
            yield data[start : start + 100]

    return IncomingFile(
        filename, len(data), hashlib.sha256(data).digest(), data[:8192], data[-65536:], pieces, is_too_large
    )


@dataclass(slots=True)
class Desk:
    """A server's and a worker's view of one database.

    Attributes:
        embedder: Put another in its place before reading, to see what becomes of its mistakes.
    """

    database: Database
    blobs: InMemoryBlobs = field(default_factory=InMemoryBlobs)
    queue: InMemoryJobQueue = field(default_factory=InMemoryJobQueue)
    bus: InMemoryEvents = field(default_factory=InMemoryEvents)
    extractor: OfflineTextExtractor = field(default_factory=OfflineTextExtractor)
    embedder: Embedder = field(default_factory=HashingEmbedder)
    limits: IngestionLimits = LIMITS
    metrics: Metrics = field(default_factory=Metrics.create)

    @property
    def feed(self) -> DocumentFeed:
        return DocumentFeed(self.database, self.bus)

    @property
    def documents(self) -> DocumentService:
        return DocumentService(
            self.database, self.blobs, self.queue, self.bus, self.feed, FILE_BYTES_MAX, ACCEPTED_MEDIA_TYPES
        )

    @property
    def collections(self) -> CollectionService:
        return CollectionService(self.database, self.bus)

    @property
    def reconciler(self) -> DocumentReconciler:
        return DocumentReconciler(self.database, self.queue, self.bus)

    @property
    def purging(self) -> Purging:
        return Purging(self.database, self.blobs, self.metrics)

    @property
    def files(self) -> FileAudit:
        return FileAudit(self.database, self.blobs, self.metrics)

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.database, self.bus, QuoteReferences())

    @property
    def ingestion(self) -> IngestionService:
        metrics = Metrics.create()
        vectors = VectorStore(self.database, self.embedder, 4, metrics)
        return IngestionService(
            self.database, self.blobs, self.extractor, vectors, self.publisher, self.bus, metrics, self.limits
        )

    def with_lease(self, seconds: float, *, renewal_seconds: float) -> "Desk":
        """Return the same desk with other leases."""
        return replace(self, limits=replace(self.limits, lease_seconds=seconds, renewal_seconds=renewal_seconds))

    async def upload(
        self,
        viewer: Viewer,
        content: bytes | str,
        filename: str = "paper.txt",
        *,
        collection_id: UUID | None = None,
        tags: Sequence[str] = (),
        title: str | None = None,
    ) -> Document:
        """Return a document that waits to be read."""
        file = incoming(content, filename)
        accepted = await self.documents.upload(viewer, file, title=title, collection_id=collection_id, tags=tags)
        return accepted.document

    async def upload_again(self, viewer: Viewer, content: str) -> Accepted:
        """Upload and return whether it was new, too."""
        return await self.documents.upload(viewer, incoming(content), title=None, collection_id=None, tags=())

    async def read(self) -> None:
        """Do as one worker does until nothing is due."""
        ingestion = self.ingestion
        while claim := await ingestion.claim():
            await ingestion.ingest(claim)

    async def read_until_settled(self) -> None:
        """Read, and take back-offs as over, until nothing is pending."""
        await self.read()
        while await self.count(Document, Document.status == "PENDING"):
            await self.change(Document, not_before=None)
            await self.read()

    async def row(self, document_id: UUID) -> Document:
        """Return a document as stored, whoever may see it."""
        found: list[Document] = await self.rows(Document, Document.id == document_id)
        return found[0]

    async def chunks(self, document_id: UUID) -> list[Chunk]:
        """Return a document's chunks in order, whoever may see them."""
        return sorted(await self.rows(Chunk, Chunk.document_id == document_id), key=lambda chunk: chunk.ordinal)

    async def text(self, document_id: UUID) -> str | None:
        """Return a document's stored text, whoever may see it."""
        rows = await self.rows(DocumentText, DocumentText.document_id == document_id)
        return rows[0].text if rows else None

    async def rows(self, table: type[Any], *which: Any) -> list[Any]:
        """Return rows as the owner of the tables sees them."""
        async with self.database.engine.connect() as connection:
            found = await connection.execute(select(*table.__table__.c).where(*which))
            return [table(**row) for row in found.mappings()]

    async def count(self, table: type[Base], *which: Any) -> int:
        """Return how many rows there are."""
        async with self.database.engine.connect() as connection:
            counted = await connection.execute(select(func.count()).select_from(table).where(*which))
            return int(counted.scalar_one())

    async def change(self, table: type[Base], *which: Any, **values: Any) -> None:
        """Change rows as the owner of the tables, behind everyone's back."""
        async with self.database.engine.begin() as connection:
            await connection.execute(update(table).where(*which).values(**values))

    async def waits_for_locks(self, sessions: int, *, saying: str = "") -> None:
        """Wait until so many sessions of the database wait for a lock with a statement that holds some words."""
        query = text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock' AND strpos(query, :saying) > 0"
        )
        async with asyncio.timeout(5):
            while True:
                async with self.database.engine.connect() as connection:
                    if (await connection.execute(query, {"saying": saying})).scalar_one() >= sessions:
                        return
                await asyncio.sleep(0.01)


class GatedEmbedder(HashingEmbedder):
    """An embedder that tells when it was asked, and waits to be let go.

    Attributes:
        asked: Set when texts have come.
        gate: Set to let it answer.
    """

    def __init__(self, *, is_costly: bool = False) -> None:
        super().__init__(is_costly=is_costly)
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def embed(self, texts: Sequence[str]) -> Any:
        """Wait for the gate, then embed."""
        self.asked.set()
        await self.gate.wait()
        return await super().embed(texts)
