import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.conversations.models import AnswerSource, Citation
from lexora_gql.documents.models import CollectionAccess, Document, DocumentStatus, Removal
from lexora_gql.errors import AlreadyRunning, NotFound
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed
from tests.documents.desk import LONG_TEXT, Desk, GatedEmbedder
from tests.documents.one_set import flaws
from tests.documents.quoting import store_answer
from tests.factories import Library

QUOTE = "Paragraph 5 says that the canteen opens at 5 o'clock"


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


@pytest.fixture
async def document(desk: Desk, viewer: Viewer) -> Document:
    """A READY document."""
    document = await desk.upload(viewer, LONG_TEXT)
    await desk.read()
    return await desk.row(document.id)


class Revised(OfflineTextExtractor):
    """Reads the same file and gives another text, as a better reader does."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    async def extract(
        self, path: Path, media_type: str, on_progress: Callable[[int, int | None], None]
    ) -> ExtractedText:
        extracted = await super().extract(path, media_type, on_progress)
        return replace(extracted, text=self.text)


class TestReadingAgain:
    async def test_the_old_text_answers_until_the_new_is_there(
        self, desk: Desk, viewer: Viewer, document: Document
    ) -> None:
        before = await desk.chunks(document.id)
        gated = GatedEmbedder()

        queued = await desk.documents.reprocess(viewer, document.id)
        reading = asyncio.create_task(replace(desk, embedder=gated, extractor=Revised("A new text.")).read())
        await gated.asked.wait()

        assert (queued.status, queued.attempt) == (DocumentStatus.PENDING, 0)
        assert (await desk.row(document.id)).status == "PROCESSING"
        assert await desk.text(document.id) == LONG_TEXT
        assert [chunk.id for chunk in await desk.chunks(document.id)] == [chunk.id for chunk in before]
        gated.gate.set()
        await reading
        row, after = await desk.row(document.id), await desk.chunks(document.id)
        assert flaws(row, await desk.text(document.id), after) == []
        assert [chunk.text for chunk in after] == ["A new text."]

    async def test_the_indexes_are_told_which_chunks_went(self, desk: Desk, viewer: Viewer, document: Document) -> None:
        before = await desk.chunks(document.id)

        await desk.documents.reprocess(viewer, document.id)
        await desk.read()

        row, after = await desk.row(document.id), await desk.chunks(document.id)
        [removal] = await desk.rows(Removal)
        assert (removal.document_id, removal.revision, row.revision) == (document.id, 2, 2)
        assert removal.up_to_number == before[-1].number < after[0].number
        assert {chunk.id for chunk in before}.isdisjoint({chunk.id for chunk in after})
        assert [chunk.text for chunk in after] == [chunk.text for chunk in before]
        assert row.ready_at is not None
        assert document.ready_at is not None
        assert row.ready_at > document.ready_at

    async def test_one_that_fails_keeps_the_old_text_and_says_so(
        self, desk: Desk, viewer: Viewer, document: Document
    ) -> None:
        before = await desk.chunks(document.id)
        desk.extractor.failures[LONG_TEXT] = ExtractionFailed("CORRUPT", "It is damaged.")

        for _ in range(2):
            await desk.documents.reprocess(viewer, document.id)
            await desk.read()

        row = await desk.row(document.id)
        assert flaws(row, await desk.text(document.id), await desk.chunks(document.id)) == []
        assert [chunk.id for chunk in await desk.chunks(document.id)] == [chunk.id for chunk in before]
        # Once, however often it was tried.
        assert row.warnings == ["Reading it again failed (CORRUPT): It is damaged."]
        assert (row.failure_code, row.fraction, row.revision) == (None, 1.0, 1)
        assert await desk.count(Removal) == 0

        del desk.extractor.failures[LONG_TEXT]
        await desk.documents.reprocess(viewer, document.id)
        await desk.read()
        assert (await desk.row(document.id)).warnings == []

    async def test_one_whose_workers_are_lost_keeps_it_too(
        self, desk: Desk, viewer: Viewer, document: Document
    ) -> None:
        await desk.documents.reprocess(viewer, document.id)
        for _ in range(3):
            assert await desk.ingestion.claim() is not None
            await desk.change(Document, lease_until=Document.created_at)
            await desk.reconciler.reconcile()

        row = await desk.row(document.id)
        assert flaws(row, await desk.text(document.id), await desk.chunks(document.id)) == []
        [warning] = row.warnings
        assert warning.startswith("Reading it again failed (WORKER_LOST): 3 workers were lost")

    async def test_what_is_being_read_is_not_started_again(
        self, desk: Desk, viewer: Viewer, document: Document
    ) -> None:
        await desk.documents.reprocess(viewer, document.id)
        with pytest.raises(AlreadyRunning):
            await desk.documents.reprocess(viewer, document.id)
        assert await desk.ingestion.claim() is not None
        with pytest.raises(AlreadyRunning):
            await desk.documents.reprocess(viewer, document.id)

        assert (await desk.row(document.id)).attempt == 1

    async def test_of_ten_at_once_one_starts_it(self, desk: Desk, viewer: Viewer, document: Document) -> None:
        results = await asyncio.gather(
            *(desk.documents.reprocess(viewer, document.id) for _ in range(10)), return_exceptions=True
        )

        assert sorted(type(result).__name__ for result in results) == ["AlreadyRunning"] * 9 + ["Document"]

    async def test_only_who_may_write_starts_it(self, desk: Desk, library: Library) -> None:
        owner, reader, stranger = await library.reader(), await library.reader(), await library.reader()
        collection_id = await library.collection(owner)
        await library.share(collection_id, reader, CollectionAccess.VIEWER)
        document = await library.document(owner, "Text.", collection_id=collection_id)

        for who in (reader, stranger):
            with pytest.raises(NotFound):
                await desk.documents.reprocess(who, document.id)

        assert (await desk.row(document.id)).status == "READY"


class TestQuotes:
    async def test_they_follow_their_words(
        self, desk: Desk, library: Library, viewer: Viewer, document: Document
    ) -> None:
        quoted = next(chunk for chunk in await desk.chunks(document.id) if QUOTE in chunk.text)
        await store_answer(library, viewer, document, quoted, QUOTE)
        added = "A preface that was not read before.\n\n" * 5

        await desk.documents.reprocess(viewer, document.id)
        await replace(desk, extractor=Revised(added + LONG_TEXT)).read()

        [citation], [source] = await desk.rows(Citation), await desk.rows(AnswerSource)
        chunks = {chunk.id: chunk for chunk in await desk.chunks(document.id)}
        assert QUOTE in chunks[citation.chunk_id].text
        assert citation.char_start == len(added) + LONG_TEXT.index(QUOTE)
        assert citation.char_end - citation.char_start == len(QUOTE)
        assert source.chunk_id in chunks
        assert citation.quote == QUOTE

    async def test_words_that_are_gone_keep_the_quote_and_lose_the_chunk(
        self, desk: Desk, library: Library, viewer: Viewer, document: Document
    ) -> None:
        quoted = next(chunk for chunk in await desk.chunks(document.id) if QUOTE in chunk.text)
        await store_answer(library, viewer, document, quoted, QUOTE)

        await desk.documents.reprocess(viewer, document.id)
        await replace(desk, extractor=Revised("Quite another text.")).read()

        [citation] = await desk.rows(Citation)
        assert (citation.quote, citation.document_id, citation.chunk_id) == (QUOTE, document.id, None)

    async def test_a_deleted_document_leaves_quote_and_filename(
        self, desk: Desk, library: Library, viewer: Viewer, document: Document
    ) -> None:
        quoted = next(chunk for chunk in await desk.chunks(document.id) if QUOTE in chunk.text)
        await store_answer(library, viewer, document, quoted, QUOTE)

        await desk.documents.delete(viewer, document.id)

        [citation], [source] = await desk.rows(Citation), await desk.rows(AnswerSource)
        assert (citation.quote, citation.filename) == (QUOTE, "paper.txt")
        assert (citation.document_id, citation.chunk_id, source.chunk_id) == (None, None, None)
