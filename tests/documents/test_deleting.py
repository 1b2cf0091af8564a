import asyncio
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.passage_index import BruteForceIndex
from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.documents.models import (
    CachedVector,
    Chunk,
    CollectionAccess,
    Document,
    DocumentText,
    FeedEntry,
    Purge,
    Removal,
)
from lexora_gql.documents.purging import Purged
from lexora_gql.errors import NotFound
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.retrieval.service import RetrievalService
from lexora_gql.telemetry.metrics import Metrics
from tests.documents.desk import LONG_TEXT, Desk, GatedEmbedder
from tests.factories import Library


class TestDeleting:
    async def test_nothing_is_left_but_a_tombstone_and_what_is_to_be_purged(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        document = await desk.upload(viewer, LONG_TEXT)
        await desk.read()
        last_number = (await desk.chunks(document.id))[-1].number

        erased = await desk.documents.delete(viewer, document.id)

        assert (erased.document_id, erased.chunks_erased) == (document.id, 5)
        counts = [await desk.count(table) for table in (Document, Chunk, DocumentText, CachedVector)]
        assert counts == [0, 0, 0, 0]
        [removal] = await desk.rows(Removal)
        assert (removal.document_id, removal.revision, removal.up_to_number) == (document.id, 2, last_number)
        [purge] = await desk.rows(Purge)
        assert purge.blob_key == document.blob_key
        assert await desk.documents.document(viewer, document.id) is None

    async def test_the_purge_removes_the_bytes(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        kept = await desk.upload(viewer, "Kept.")
        deleted = await desk.upload(viewer, "Deleted.")
        await desk.documents.delete(viewer, deleted.id)
        assert set(desk.blobs.blobs) == {kept.blob_key, deleted.blob_key}

        assert await desk.purging.purge() == Purged(removed=1, failed=0)

        assert set(desk.blobs.blobs) == {kept.blob_key}
        assert await desk.count(Purge) == 0

    async def test_the_feed_tells_it_without_a_word_of_the_text(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        document = await desk.upload(viewer, LONG_TEXT)
        await desk.read()
        position = await desk.feed.position(viewer)

        await desk.documents.delete(viewer, document.id)

        [entry] = await desk.rows(FeedEntry)
        assert (entry.document_id, entry.number, entry.is_deleted) == (document.id, position + 1, True)
        assert set(FeedEntry.__table__.c.keys()) == {"user_id", "document_id", "number", "is_deleted"}

    async def test_only_who_may_write_deletes(self, desk: Desk, library: Library) -> None:
        owner, reader, stranger = await library.reader(), await library.reader(), await library.reader()
        collection_id = await library.collection(owner)
        await library.share(collection_id, reader, CollectionAccess.VIEWER)
        document = await desk.upload(owner, "Text.", collection_id=collection_id)
        assert await desk.documents.document(reader, document.id) is not None

        for viewer in (reader, stranger):
            with pytest.raises(NotFound):
                await desk.documents.delete(viewer, document.id)

        assert (await desk.count(Document), await desk.count(Purge)) == (1, 0)

    async def test_a_second_deletion_finds_nothing(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        document = await desk.upload(viewer, "Text.")

        results = await asyncio.gather(
            *(desk.documents.delete(viewer, document.id) for _ in range(3)), return_exceptions=True
        )

        assert sorted(type(result).__name__ for result in results) == ["Erased", "NotFound", "NotFound"]
        assert await desk.count(Purge) == 1

    async def test_retrieval_finds_nothing_from_then_on(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        document = await desk.upload(viewer, "Invoices are paid within 30 days.")
        await desk.read()
        cache = InMemorySharedCache()
        servers = [
            RetrievalService(
                desk.database, HashingEmbedder(), BruteForceIndex(), cache, Metrics.create(), cache_seconds=600
            )
            for _ in range(2)
        ]
        for server in servers:
            assert len((await server.search(viewer, "invoices", first=5, scope=EVERYTHING)).hits) == 1

        await desk.documents.delete(viewer, document.id)

        for server in servers:
            assert (await server.search(viewer, "invoices", first=5, scope=EVERYTHING)).hits == ()


class TestDeletingWhileItIsRead:
    async def test_a_deletion_beats_the_reading(
        self, desk: Desk, library: Library, logged: list[MutableMapping[str, Any]]
    ) -> None:
        viewer = await library.reader()
        document = await desk.upload(viewer, LONG_TEXT)
        gated = GatedEmbedder(is_costly=True)
        reading = asyncio.create_task(replace(desk, embedder=gated).read())
        await gated.asked.wait()

        erased = await desk.documents.delete(viewer, document.id)
        gated.gate.set()
        await asyncio.wait_for(reading, 5)

        assert erased.chunks_erased == 0
        counts = [await desk.count(table) for table in (Document, Chunk, DocumentText, CachedVector)]
        assert counts == [0, 0, 0, 0]
        [entry] = await desk.rows(FeedEntry)
        assert entry.is_deleted
        assert [entry["outcome"] for entry in logged if entry["event"] == "document_processed"] == ["LEASE_LOST"]
        assert [entry for entry in logged if entry["log_level"] == "error"] == []

    async def test_a_deletion_during_the_commit_waits_and_takes_all_of_it(self, desk: Desk, library: Library) -> None:
        """The collection's row is held by somebody, so the commit waits in its last step; the deletion behind it."""
        viewer = await library.reader()
        document = await desk.upload(viewer, LONG_TEXT)
        async with desk.database.engine.begin() as holder:
            await holder.execute(text("SELECT FROM collections FOR NO KEY UPDATE"))
            reading = asyncio.create_task(desk.read())
            await desk.waits_for_locks(1)
            deleting = asyncio.create_task(desk.documents.delete(viewer, document.id))
            await desk.waits_for_locks(2)
        await asyncio.wait_for(reading, 5)

        erased = await asyncio.wait_for(deleting, 5)

        assert erased.chunks_erased == 5
        assert (await desk.count(Chunk), await desk.count(Document)) == (0, 0)
        assert [removal.revision for removal in await desk.rows(Removal)] == [2]

    async def test_a_collection_is_deleted_while_its_documents_are_committed(
        self, desk: Desk, library: Library
    ) -> None:
        """Whoever deletes a collection takes rows in the order of those who commit: neither waits for the other."""
        viewer = await library.reader()
        collection_id = await library.collection(viewer)
        await desk.upload(viewer, LONG_TEXT, collection_id=collection_id)
        async with desk.database.engine.begin() as holder:
            # The commit has locked the document, and waits here before it comes to the collection.
            await holder.execute(text("LOCK TABLE chunks IN SHARE MODE"))
            reading = asyncio.create_task(desk.read())
            await desk.waits_for_locks(1)
            deleting = asyncio.create_task(desk.collections.delete(viewer, collection_id))
            await desk.waits_for_locks(2)
        await asyncio.wait_for(reading, 5)

        erased = await asyncio.wait_for(deleting, 5)

        assert erased.documents_deleted == 1
        assert (await desk.count(Document), await desk.count(Chunk), await desk.count(Purge)) == (0, 0, 1)
        assert await deadlocks(desk) == 0


async def deadlocks(desk: Desk) -> int:
    """Return how many deadlocks PostgreSQL has had to break in this database."""
    async with desk.database.engine.connect() as connection:
        await connection.execute(text("SELECT pg_stat_force_next_flush()"))
        found = await connection.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
        return int(found.scalar_one())
