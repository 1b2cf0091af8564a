"""What a document waits for when something is away that it cannot help, and how that ends."""

import errno
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func

from lexora_gql.adapters.offline.blob_store import InMemoryBlobs
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.documents.models import CachedVector, Chunk, Document
from lexora_gql.ports.blob_store import BlobStoreAway
from lexora_gql.ports.embedder import EmbedderUnavailable, Vectors
from tests.documents.desk import LONG_TEXT, Desk
from tests.documents.one_set import flaws
from tests.documents.test_ingesting import refused_inserts
from tests.documents.test_reprocessing import Revised
from tests.factories import Library

AWAY = "Waiting: the embedding service is not available (503). It is tried again by itself for 15 minutes."


class Away(HashingEmbedder):
    """Answers some requests, is away for some, and then is back; costly, like everything that goes away."""

    def __init__(self, answers: int, refusals: int, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(is_costly=True)
        self.answers = answers
        self.refusals = refusals
        self.error = EmbedderUnavailable("503", retry_after_seconds=retry_after_seconds)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.answers:
            self.answers -= 1
        elif self.refusals:
            self.refusals -= 1
            raise self.error
        return await super().embed(texts)


class FullDisk(InMemoryBlobs):
    """Has the bytes, but no room for a copy that can be read."""

    @asynccontextmanager
    async def local_file(self, key: str) -> AsyncIterator[Path]:
        raise OSError(errno.ENOSPC, "No space left on device")
        yield Path(key)


async def began_before(desk: Desk, minutes: float) -> None:
    """Have every outage begun so long ago, and let the documents be due."""
    since = func.clock_timestamp() - timedelta(minutes=minutes)
    await desk.change(Document, Document.outage_since.is_not(None), outage_since=since, not_before=None)


class TestTheEmbedder:
    async def test_a_document_waits_as_long_as_it_is_told_and_says_for_what(self, desk: Desk, library: Library) -> None:
        desk.embedder = Away(0, 1, retry_after_seconds=120)
        document = await desk.upload(await library.reader(), LONG_TEXT)

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.stage, row.attempt, row.failure_code) == ("PENDING", "QUEUED", 0, None)
        assert row.warnings == [AWAY]
        assert row.not_before is not None
        assert 119 < (row.not_before - row.progress_at).total_seconds() < 121

    async def test_an_outage_costs_no_attempt_however_often_it_is_asked(self, desk: Desk, library: Library) -> None:
        embedder = desk.embedder = Away(0, 12)
        document = await desk.upload(await library.reader(), LONG_TEXT)

        await desk.read_until_settled()

        row = await desk.row(document.id)
        assert embedder.refusals == 0
        assert (row.status, row.attempt, row.warnings, row.outage_since) == ("READY", 1, [], None)
        assert flaws(row, await desk.text(document.id), await desk.chunks(document.id)) == []

    async def test_a_quarter_of_an_hour_ends_it_and_leaves_nothing_half_done(
        self, desk: Desk, library: Library
    ) -> None:
        desk.embedder = Away(1, 99)
        document = await desk.upload(await library.reader(), LONG_TEXT)
        await desk.read()
        assert await desk.count(CachedVector) == 4

        await began_before(desk, 14.9)
        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.failure_code, row.failure_stage) == ("FAILED", "EMBEDDER_UNAVAILABLE", "EMBEDDING")
        assert (row.failure_is_retryable, row.warnings, row.outage_since) == (True, [], None)
        assert row.failure_message == (
            "The embedding service is not available (503), and this has not passed within 15 minutes. "
            "Process the document again when it has."
        )
        assert (await desk.count(CachedVector), await desk.count(Chunk)) == (0, 0)

    async def test_a_second_outage_has_a_quarter_of_an_hour_of_its_own(self, desk: Desk, library: Library) -> None:
        embedder = desk.embedder = Away(0, 1)
        document = await desk.upload(await library.reader(), LONG_TEXT)
        await desk.read()
        await began_before(desk, 14.9)
        # It answers again, and then goes away a second time.
        embedder.answers, embedder.refusals = 1, 1

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.attempt) == ("PENDING", 0)
        assert row.outage_since is not None
        assert (row.progress_at - row.outage_since).total_seconds() < 1

    async def test_what_is_told_of_an_attempt_never_falls(self, desk: Desk, library: Library) -> None:
        embedder = desk.embedder = Away(1, 1)
        document = await desk.upload(await library.reader(), LONG_TEXT)
        await desk.read()
        assert (await desk.row(document.id)).fraction == pytest.approx(0.55 + 0.35 * 4 / 5)

        await desk.change(Document, not_before=None)
        claim = await desk.ingestion.claim()

        assert claim is not None
        assert claim.document.attempt == 1
        assert claim.document.fraction == pytest.approx(0.83)
        assert len(embedder.texts_embedded) == 4

    async def test_one_that_was_ready_answers_from_its_old_text_meanwhile_and_afterwards(
        self, desk: Desk, library: Library
    ) -> None:
        viewer = await library.reader()
        document = await desk.upload(viewer, LONG_TEXT)
        await desk.read()
        before = [chunk.id for chunk in await desk.chunks(document.id)]
        away = replace(desk, embedder=Away(0, 99), extractor=Revised("A text that was not paid for yet."))
        await desk.documents.reprocess(viewer, document.id)
        await away.read()
        row = await desk.row(document.id)
        assert (row.status, row.warnings) == ("PENDING", [AWAY])
        assert [chunk.id for chunk in await desk.chunks(document.id)] == before

        await began_before(desk, 14.9)
        await away.read()

        row = await desk.row(document.id)
        assert flaws(row, await desk.text(document.id), await desk.chunks(document.id)) == []
        assert [chunk.id for chunk in await desk.chunks(document.id)] == before
        [warning] = row.warnings
        assert warning.startswith("Reading it again failed (EMBEDDER_UNAVAILABLE): The embedding service is not")


class TestRoom:
    @pytest.mark.parametrize(
        ("trouble", "told"),
        [
            (BlobStoreAway(), "Waiting: the store of files does not answer."),
            (BlobStoreAway(is_full=True), "Waiting: the store of files has no room."),
        ],
    )
    async def test_a_store_that_is_away_is_waited_for(
        self, desk: Desk, library: Library, trouble: BlobStoreAway, told: str
    ) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        desk.blobs.trouble = trouble
        await desk.read()
        row = await desk.row(document.id)
        assert (row.status, row.attempt) == ("PENDING", 0)
        assert row.warnings == [f"{told} It is tried again by itself for 15 minutes."]

        desk.blobs.trouble = None
        await desk.read_until_settled()

        row = await desk.row(document.id)
        assert (row.status, row.attempt, row.warnings) == ("READY", 1, [])

    async def test_a_full_disk_of_the_worker_is_waited_for(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        full = FullDisk()
        full.blobs = desk.blobs.blobs

        await replace(desk, blobs=full).read()

        row = await desk.row(document.id)
        assert (row.status, row.attempt) == ("PENDING", 0)
        assert row.warnings[0].startswith("Waiting: the server's disk is full.")
        await desk.read_until_settled()
        assert (await desk.row(document.id)).status == "READY"

    async def test_a_full_disk_of_the_database_is_waited_for(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)

        async with refused_inserts(desk, "chunks", sqlstate="53100"):
            await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.attempt) == ("PENDING", 0)
        assert row.warnings[0].startswith("Waiting: the database has no room.")
        await desk.read_until_settled()
        assert flaws(await desk.row(document.id), await desk.text(document.id), await desk.chunks(document.id)) == []
