"""What there is after a campaign, looked up in the tables and in the folder, past the product."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from lexora_gql.documents.models import Document, FeedEntry
from lexora_gql.storage.database import Database
from tests.documents.desk import Desk
from tests.documents.one_set import flaws

# Rows that hang on a document, and how they name it.
HANGING = {
    "chunks": "document_id",
    "document_texts": "document_id",
    "cached_vectors": "document_id",
    "reembeddings": "document_id",
}
INCOMING = ".incoming"
ENDS = {"READY", "FAILED"}


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as its row has it, and what is wrong with its text and chunks."""

    id: str
    sha256: str
    blob_key: str
    status: str
    stage: str
    attempt: int
    losses: int
    crashes: int
    failure_code: str | None = None
    is_retryable: bool | None = None
    embedders: frozenset[str] = frozenset()
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of a document's status, in the order in which they happened, or a loss of its worker."""

    document_id: str
    was: str
    became: str
    is_ready_again: bool
    by: str


@dataclass(slots=True)
class Stock:
    """Everything there is.

    Attributes:
        files: Keys of the files in the store.
        unfinished_files: Names of what is half written.
        strays: Rows that hang on a document that is not there, by table.
        tombstones: Documents that a feed says are deleted.
        purges: Keys of files that are still to be removed.
        history: Of all documents, deleted ones included.
    """

    documents: dict[str, Stored] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    unfinished_files: set[str] = field(default_factory=set)
    strays: dict[str, int] = field(default_factory=dict)
    tombstones: set[str] = field(default_factory=set)
    purges: set[str] = field(default_factory=set)
    history: list[Turn] = field(default_factory=list)


async def take_stock(database: Database, blobs: Path) -> Stock:
    """Look everything up."""
    desk = Desk(database)
    stock = Stock()
    for row in await desk.rows(Document):
        stock.documents[str(row.id)] = await _stored(desk, row)
    files = await asyncio.to_thread(files_in, blobs)
    stock.files = {str(path.relative_to(blobs)) for path in files if path.parent.name != INCOMING}
    stock.unfinished_files = {path.name for path in files if path.parent.name == INCOMING}
    stock.tombstones = {str(entry.document_id) for entry in await desk.rows(FeedEntry, FeedEntry.is_deleted)}
    async with database.engine.connect() as connection:
        for table, column in HANGING.items():
            query = text(f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM documents)")
            stock.strays[table] = (await connection.execute(query)).scalar_one()
        query = text("SELECT count(*) FROM chunk_vectors WHERE chunk_id NOT IN (SELECT id FROM chunks)")
        stock.strays["chunk_vectors"] = (await connection.execute(query)).scalar_one()
        stock.purges = set((await connection.execute(text("SELECT blob_key FROM purges"))).scalars())
        query = text("SELECT document_id, was, became, ready_again, by FROM chaos.history ORDER BY number")
        stock.history = [Turn(str(row[0]), *row[1:]) for row in await connection.execute(query)]
    return stock


def files_in(folder: Path) -> list[Path]:
    """Return all files below a folder, half-written ones included."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def unfinished(database: Database) -> list[str]:
    """Return the documents that are neither READY nor FAILED."""
    async with database.engine.connect() as connection:
        rows = await connection.execute(text("SELECT id FROM documents WHERE status NOT IN ('READY', 'FAILED')"))
        return [str(row.id) for row in rows]


async def _stored(desk: Desk, row: Document) -> Stored:
    found: list[str] = []
    chunks = await desk.chunks(UUID(str(row.id)))
    if row.status == "READY":
        found += flaws(row, await desk.text(row.id), chunks)
        found += ["it is READY, but not DONE"] if row.stage != "DONE" else []
        found += ["it is READY without a chunk"] if not chunks else []
        found += ["a vector is missing"] if any(not any(chunk.vector) for chunk in chunks) else []
    elif chunks:
        found.append(f"it is {row.status}, but has {len(chunks)} chunks")
    return Stored(
        id=str(row.id),
        sha256=row.sha256.hex(),
        blob_key=row.blob_key,
        status=str(row.status),
        stage=str(row.stage),
        attempt=row.attempt,
        losses=row.losses,
        crashes=row.crashes,
        failure_code=row.failure_code,
        is_retryable=row.failure_is_retryable,
        embedders=frozenset(chunk.embedder for chunk in chunks),
        flaws=tuple(found),
    )
