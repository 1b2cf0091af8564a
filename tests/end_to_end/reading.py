"""Documents given to worker processes, and what became of them as PostgreSQL has it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.arq_queue import ArqQueue
from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs
from lexora_gql.adapters.redis_events import RedisEvents
from lexora_gql.documents.feed import DocumentFeed
from lexora_gql.documents.media_types import ACCEPTED_MEDIA_TYPES
from lexora_gql.documents.models import Document
from lexora_gql.documents.service import DocumentService
from lexora_gql.storage.database import DatabaseAway, translated_errors
from tests.database import connect
from tests.documents.desk import Desk, incoming
from tests.documents.one_set import flaws
from tests.end_to_end.stack import Program, Stack
from tests.factories import Library

PATIENCE_SECONDS = 90.0
LOOK_SECONDS = 0.01
ENDS = {"READY", "FAILED"}
SETTINGS = {
    "LEASE_SECONDS": "2",
    "LEASE_RENEWAL_SECONDS": "0.5",
    "RECONCILE_SECONDS": "0.3",
    "WORKER_CONCURRENCY": "1",
}


def long_text(seed: str, *, paragraphs: int) -> str:
    """Return a text that takes a while at every stage: so many paragraphs of about 500 characters."""

    def paragraph(n: int) -> str:
        hours = " ".join(f"The canteen number {n * 7 + m} opens at {m} o'clock." for m in range(12))
        return f"Paragraph {n} of {seed}. {hours}"

    return "\n\n".join(paragraph(n) for n in range(paragraphs))


@dataclass(slots=True)
class Site:
    """A stack of processes, one viewer, and a desk that sees into its database."""

    stack: Stack
    desk: Desk
    documents: DocumentService
    viewer: Viewer
    worker: Program | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, stack: Stack) -> "AsyncIterator[Site]":
        """Give a site without workers."""
        stack.settings |= SETTINGS
        database = connect(stack.database_url, connections=8)
        bus, queue = RedisEvents(stack.redis.url), ArqQueue(stack.redis.url)
        documents = DocumentService(
            database,
            ObjectStoreBlobs(stack.folder / "data" / "blobs"),
            queue,
            bus,
            DocumentFeed(database, bus),
            50 * 1024 * 1024,
            ACCEPTED_MEDIA_TYPES,
        )
        try:
            yield cls(stack, Desk(database), documents, await Library(database).reader())
        finally:
            await bus.aclose()
            await queue.aclose()
            await database.dispose()

    async def working(self) -> Program:
        """Return a worker that works; the one of before where it still does."""
        if self.worker is None or self.worker.process.returncode is not None:
            self.worker = await self.stack.start_worker()
        return self.worker

    async def upload(self, content: str) -> UUID:
        """Take a text in as the API does; return the document's id."""
        accepted = await self.documents.upload(self.viewer, incoming(content), title=None, collection_id=None, tags=())
        return accepted.document.id

    async def until(self, document_id: UUID, *states: str) -> Document:
        """Wait until a document's status or stage is one of these."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                row = await self.desk.row(document_id)
                if {row.status, row.stage} & set(states):
                    return row
                assert row.status not in ENDS, f"It was {row.status} before it was seen to be {states}."
                await asyncio.sleep(LOOK_SECONDS)

    async def ended(self, document_id: UUID) -> Document:
        """Wait until a document is READY or FAILED, whatever PostgreSQL is through meanwhile."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    try:
                        with translated_errors():
                            return await self.until(document_id, *ENDS)
                    except DatabaseAway:
                        await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            row = await self.desk.row(document_id)
            message = f"It is {row.status} ({row.stage}), {row.attempt} attempts, {row.losses} losses."
            raise AssertionError(message) from None

    async def flaws(self, document_id: UUID) -> list[str]:
        """Return what is wrong with what is stored of a document."""
        desk = self.desk
        return flaws(await desk.row(document_id), await desk.text(document_id), await desk.chunks(document_id))

    @asynccontextmanager
    async def held_back(self) -> AsyncIterator[None]:
        """Hold the collections' counters: a commit waits in its last step, all its rows written."""
        async with self.desk.database.engine.begin() as connection:
            # However long the machine takes for what happens meanwhile.
            await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            await connection.execute(text("SELECT FROM collections FOR NO KEY UPDATE"))
            yield

    async def someone_waits_for_a_lock(self) -> None:
        """Wait until a session of the database does."""
        await self.some_session("wait_event_type = 'Lock'")

    async def someone_writes_chunks(self) -> None:
        """Wait until a session of the database does."""
        await self.some_session("state <> 'idle' AND query LIKE 'INSERT INTO chunks%'")

    async def some_session(self, condition: str) -> None:
        """Wait until there is a session that a condition in SQL holds of."""
        query = text(
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {condition}"  # of a test
        )
        async with asyncio.timeout(PATIENCE_SECONDS), self.desk.database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            while True:
                if (await connection.execute(query)).scalar_one():
                    return
