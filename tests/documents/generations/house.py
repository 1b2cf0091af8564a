"""Servers with embedders of their own over one database: what two releases of settings look like side by side."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.allowances import InMemoryAllowances
from lexora_gql.adapters.offline.blob_store import InMemoryBlobs
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.adapters.offline.job_queue import InMemoryJobQueue
from lexora_gql.adapters.offline.page_reader import OfflinePageReader
from lexora_gql.adapters.offline.passage_index import BruteForceIndex
from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.assembly.adapters import Adapters
from lexora_gql.assembly.process import Process, build
from lexora_gql.documents.models import Chunk, ChunkVector, Document, Generation, Reindex
from lexora_gql.documents.vectors import from_bytes, to_bytes
from lexora_gql.ports.embedder import Embedder
from lexora_gql.ports.passage_index import PassageIndex
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.retrieval.service import Found
from lexora_gql.settings import load_settings
from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database
from tests.documents.desk import incoming
from tests.factories import Library

OLD, NEW = "hashing:words:64", "hashing:runes:64"
QUESTION = "When does the canteen open?"


def old() -> HashingEmbedder:
    """Return the embedder whose vectors are stored."""
    return HashingEmbedder()


def new(**given: Any) -> HashingEmbedder:
    """Return the embedder that is configured now; of as many dimensions, so that only the name keeps them apart."""
    return HashingEmbedder(dialect="runes", **given)


async def cosine(embedder: Embedder, question: str, content: str) -> float:
    """Return how alike an embedder finds two texts, the second as stored."""
    [asked] = await embedder.embed([question])
    [stored] = from_bytes(to_bytes(await embedder.embed([content])))
    return float(asked @ stored)


@dataclass(frozen=True, slots=True)
class House:
    """One database, and whoever works on it."""

    database: Database
    library: Library
    blobs: InMemoryBlobs = field(default_factory=InMemoryBlobs)

    @classmethod
    def over(cls, database: Database) -> "House":
        """Return the house of a database."""
        return cls(database, Library(database))

    def server(
        self,
        configured: Embedder,
        *others: Embedder,
        bus: InMemoryEvents | None = None,
        index: PassageIndex | None = None,
        **settings: Any,
    ) -> Process:
        """Return a process: `others` are embedders that it can still have, though they are not configured."""
        known = {embedder.name: embedder for embedder in others}
        adapters = Adapters(
            database=self.database,
            bus=bus or InMemoryEvents(),
            queue=InMemoryJobQueue(),
            blobs=self.blobs,
            embedder=configured,
            model=ScriptedChatModel(),
            index=index or BruteForceIndex(),
            extractor=OfflineTextExtractor(),
            pages=OfflinePageReader(),
            allowances=InMemoryAllowances(),
            cache=InMemorySharedCache(),
            former=known.get,
        )
        return build(load_settings(secret_key="s" * 48, **{"embedding_batch_size": 4} | settings), adapters)

    async def filled(self, viewer: Viewer, documents: int = 3) -> list[Document]:
        """Return documents of one passage each, with vectors of the old embedder."""
        return [
            await self.library.document(viewer, f"The canteen on floor {number} opens at noon.", embedder=old())
            for number in range(documents)
        ]

    async def counted(self, table: type[Base], *which: Any) -> int:
        """Return how many rows there are."""
        async with self.database.engine.connect() as connection:
            return int((await connection.execute(select(func.count()).select_from(table).where(*which))).scalar_one())

    async def changed(self, table: type[Base], **values: Any) -> None:
        """Change all rows, behind everyone's back."""
        async with self.database.engine.begin() as connection:
            await connection.execute(update(table).values(**values))

    async def generations(self) -> list[tuple[int, str]]:
        """Return the generations that have served, the first first."""
        query = select(Generation.number, Generation.embedder).order_by(Generation.number)
        async with self.database.engine.connect() as connection:
            return [(number, embedder) for number, embedder in await connection.execute(query)]

    async def stored(self) -> dict[UUID, set[str]]:
        """Return by whom each passage has vectors."""
        beside = select(ChunkVector.chunk_id, ChunkVector.embedder)
        async with self.database.engine.connect() as connection:
            rows = await connection.execute(select(Chunk.id, Chunk.embedder).union_all(beside))
            found: dict[UUID, set[str]] = {}
            for chunk_id, embedder in rows:
                found.setdefault(chunk_id, set()).add(embedder)
            return found

    async def reindex(self) -> Reindex:
        """Return the row of the newest reindex."""
        query = select(*Reindex.__table__.c).order_by(Reindex.started_at.desc()).limit(1)
        async with self.database.engine.connect() as connection:
            return Reindex(**(await connection.execute(query)).mappings().one())


async def upload(process: Process, viewer: Viewer, text: str) -> Document:
    """Return a document that waits to be read."""
    accepted = await process.services.documents.upload(viewer, incoming(text), title=None, collection_id=None, tags=())
    return accepted.document


async def read(process: Process) -> None:
    """Read what waits, as a worker does."""
    while claim := await process.upkeep.ingestion.claim():
        await process.upkeep.ingestion.ingest(claim)


async def work(process: Process) -> None:
    """Do what is due of a reindex, and fold."""
    while await process.upkeep.reembedding.step():
        pass


async def search(process: Process, viewer: Viewer, query: str = QUESTION) -> Found:
    """Search everything."""
    return await process.services.retrieval.search(viewer, query, first=20, scope=EVERYTHING)


def likeness_of(found: Found) -> dict[UUID, float | None]:
    """Return how alike each document's passage was found."""
    return {hit.document.id: hit.likeness for hit in found.hits}


def likenesses(found: Found) -> frozenset[float]:
    """Return how alike passages were found, as precisely as stored vectors tell."""
    return frozenset(round(hit.likeness, 3) for hit in found.hits if hit.likeness is not None)
