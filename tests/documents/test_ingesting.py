import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from sqlalchemy import text

from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.documents import progress
from lexora_gql.documents.models import (
    CachedVector,
    Chunk,
    Collection,
    Document,
    DocumentStatus,
    Feed,
    IngestionFailureCode,
    IngestionStage,
)
from lexora_gql.ports.embedder import Vectors
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.documents.desk import LONG_TEXT, Desk
from tests.documents.one_set import flaws
from tests.factories import Library


class TestReading:
    async def test_a_document_ends_ready_with_one_set_of_chunks(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)

        await desk.read()

        row, chunks = await desk.row(document.id), await desk.chunks(document.id)
        assert flaws(row, await desk.text(document.id), chunks) == []
        assert (row.status, row.stage, row.fraction, row.attempt) == ("READY", "DONE", 1.0, 1)
        assert len(chunks) == 5
        assert (row.chunk_count, row.units_done, row.units_total) == (5, 5, 5)
        assert row.ready_at is not None
        assert [collection.revision for collection in await desk.rows(Collection)] == [1]
        assert row.revision == 1

    async def test_pages_and_context_come_with_the_chunks(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), "First page.\fSecond page.", "Guide.txt")

        await desk.read()

        [chunk] = await desk.chunks(document.id)
        assert (chunk.page_start, chunk.page_end) == (1, 2)
        assert "Guide" in chunk.context
        assert (await desk.row(document.id)).page_count == 2

    async def test_the_stage_is_told_while_it_lasts(self, desk: Desk, library: Library) -> None:
        embedder = desk.embedder = StageWatcher(desk)
        document = await desk.upload(await library.reader(), LONG_TEXT)

        await desk.read()

        assert embedder.seen == [(IngestionStage.EMBEDDING, 0, 5), (IngestionStage.EMBEDDING, 4, 5)]
        # Nobody knows how long an embedder takes before it has answered once.
        assert embedder.etas[0] is None
        assert embedder.etas[1] is not None
        assert 0 <= embedder.etas[1] < 5
        row = await desk.row(document.id)
        assert (row.stage, row.eta_seconds) == (IngestionStage.DONE, None)

    @pytest.mark.parametrize(("_case", "moment_seconds", "changes"), [("done within it", 60.0, 3), ("longer", 0.0, 4)])
    async def test_what_is_done_within_a_moment_is_not_told_of_in_between(
        self,
        desk: Desk,
        library: Library,
        monkeypatch: pytest.MonkeyPatch,
        _case: str,
        moment_seconds: float,
        changes: int,
    ) -> None:
        monkeypatch.setattr(progress, "REPORT_SECONDS", moment_seconds)
        document = await desk.upload(await library.reader(), LONG_TEXT)

        await desk.read()

        # Uploaded, taken up, READY; and that it is being indexed, where that is news.
        [feed] = await desk.rows(Feed)
        assert feed.number == changes if moment_seconds else feed.number >= changes
        assert flaws(await desk.row(document.id), await desk.text(document.id), await desk.chunks(document.id)) == []

    async def test_the_worker_s_slot_reads_all_that_is_due(self, desk: Desk, library: Library) -> None:
        for viewer in [await library.reader(), await library.reader()]:
            for n in range(3):
                await desk.upload(viewer, f"Text {n}.")

        await desk.read()

        assert await desk.count(Document, Document.status == DocumentStatus.READY) == 6
        assert await desk.count(Chunk) == 6


class StageWatcher(HashingEmbedder):
    """Answers once the document's row, as a feed would tell it, has caught up with the work."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.seen: list[tuple[IngestionStage, int, int | None]] = []
        self.etas: list[float | None] = []
        self._desk = desk

    async def embed(self, texts: Sequence[str]) -> Vectors:
        done = len(self.texts_embedded)
        async with asyncio.timeout(5):
            while True:
                [row] = await self._desk.rows(Document)
                if (row.stage, row.units_done) == (IngestionStage.EMBEDDING, done):
                    self.seen.append((row.stage, row.units_done, row.units_total))
                    self.etas.append(row.eta_seconds)
                    return await super().embed(texts)
                await asyncio.sleep(0.02)


class Wrong(HashingEmbedder):
    """Gives what no index could use."""

    def __init__(self, wrong: str) -> None:
        super().__init__()
        self.wrong = wrong

    async def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = await super().embed(texts)
        match self.wrong:
            case "dimensions":
                return vectors[:, :32]
            case "rows":
                return vectors[:-1]
            case "nan":
                vectors[0, 0] = np.nan
            case "infinite":
                vectors[0, 0] = np.inf
        return vectors


class TestFailing:
    @pytest.mark.parametrize("code", ["ENCRYPTED", "CORRUPT", "TOO_MANY_PAGES", "PARSER_TIMEOUT"])
    async def test_a_file_that_cannot_be_read_fails_with_its_reason(
        self, desk: Desk, library: Library, code: str
    ) -> None:
        desk.extractor.failures["Bad."] = ExtractionFailed(code, "Because.")
        document = await desk.upload(await library.reader(), "Bad.")

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.failure_code, row.failure_message) == ("FAILED", code, "Because.")
        assert (row.failure_stage, row.failure_is_retryable, row.attempt) == ("PARSING", False, 1)
        assert row.failed_at is not None
        assert row.lease_token is None
        assert await desk.count(Chunk) == 0

    async def test_three_crashes_end_it_and_the_others_go_on(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        desk.extractor.failures["Poison."] = ExtractionFailed("PARSER_CRASHED", "It crashed.", is_retryable=True)
        poison = await desk.upload(viewer, "Poison.")
        good = await desk.upload(viewer, "Good.")

        await desk.read_until_settled()

        row = await desk.row(poison.id)
        assert (row.status, row.failure_code, row.crashes, row.attempt) == ("FAILED", "PARSER_CRASHED", 2, 3)
        assert row.failure_message is not None
        assert row.failure_message.startswith("Reading the file ended its reader 3 times, so it is left alone.")
        assert len(desk.extractor.read) == 4
        assert (await desk.row(good.id)).status == "READY"

    @pytest.mark.parametrize("wrong", ["dimensions", "rows", "nan", "infinite"])
    async def test_vectors_that_no_index_can_use_are_refused(self, desk: Desk, library: Library, wrong: str) -> None:
        desk.embedder = Wrong(wrong)
        document = await desk.upload(await library.reader(), LONG_TEXT)

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.failure_code, row.attempt) == ("FAILED", "EMBEDDER_REJECTED", 1)
        # Once somebody has mended the service, the same file may do.
        assert row.failure_is_retryable
        assert (await desk.count(Chunk), await desk.count(CachedVector)) == (0, 0)

    async def test_a_file_that_is_gone_from_the_store_fails_for_good(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), "Text.")
        desk.blobs.blobs.clear()

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.failure_code, row.failure_is_retryable) == ("FAILED", "INTERNAL", False)

    async def test_what_a_provider_says_never_stops_the_end(self, desk: Desk, library: Library) -> None:
        failure = ExtractionFailed("CORRUPT", "half\ud800 and NUL\0")
        desk.extractor.failures["Bad."] = failure
        document = await desk.upload(await library.reader(), "Bad.")

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.failure_code, row.failure_message) == ("FAILED", "CORRUPT", "half  and NUL ")

    async def test_a_text_of_nothing_to_keep_fails_instead_of_being_tried_again(
        self, desk: Desk, library: Library
    ) -> None:
        document = await desk.upload(await library.reader(), " \n ")

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.failure_code, row.attempt) == ("FAILED", IngestionFailureCode.NO_TEXT, 1)


class TestPayingOnce:
    async def test_what_was_paid_for_before_a_failure_is_not_paid_again(self, desk: Desk, library: Library) -> None:
        embedder = HashingEmbedder(is_costly=True)
        desk.embedder = embedder
        document = await desk.upload(await library.reader(), LONG_TEXT)
        async with refused_inserts(desk, "chunks"):
            await desk.read()
        row = await desk.row(document.id)
        assert (row.status, row.stage, row.attempt) == ("PENDING", "QUEUED", 1)
        assert (await desk.count(CachedVector), await desk.count(Chunk)) == (5, 0)
        paid = list(embedder.texts_embedded)
        assert len(paid) == 5

        await desk.read_until_settled()

        assert embedder.texts_embedded == paid
        assert flaws(await desk.row(document.id), await desk.text(document.id), await desk.chunks(document.id)) == []
        assert await desk.count(CachedVector) == 0

    async def test_the_same_words_elsewhere_of_the_same_owner_cost_nothing(self, desk: Desk, library: Library) -> None:
        viewer, other = await library.reader(), await library.reader()
        embedder = HashingEmbedder(is_costly=True)
        desk.embedder = embedder
        await desk.upload(viewer, "The same.")
        await desk.read()
        await desk.upload(viewer, "The same.", collection_id=await library.collection(viewer))
        await desk.read()
        assert len(embedder.texts_embedded) == 1

        await desk.upload(other, "The same.")
        await desk.read()

        # Somebody else's vectors are not looked at, not even to save.
        assert len(embedder.texts_embedded) == 2

    async def test_the_same_words_within_a_document_are_embedded_once(self, desk: Desk, library: Library) -> None:
        embedder = HashingEmbedder(is_costly=True)
        desk.embedder = embedder
        paragraph = "x" * 150 + "."
        document = await desk.upload(await library.reader(), "\n\n".join([paragraph] * 4))

        await desk.read()

        assert len(await desk.chunks(document.id)) == 4
        assert len(embedder.texts_embedded) == len(set(embedder.texts_embedded))

    async def test_a_cheap_embedder_leaves_no_cache(self, desk: Desk, library: Library) -> None:
        await desk.upload(await library.reader(), LONG_TEXT)

        async with refused_inserts(desk, "chunks"):
            await desk.read()

        assert await desk.count(CachedVector) == 0


class TestCommitting:
    async def test_a_commit_that_fails_in_the_middle_leaves_nothing_of_it(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)

        # The text comes after the chunks.
        async with refused_inserts(desk, "document_texts"):
            await desk.read()

        assert (await desk.count(Chunk), await desk.text(document.id)) == (0, None)
        assert [collection.revision for collection in await desk.rows(Collection)] == [0]
        assert (await desk.row(document.id)).status == "PENDING"


@asynccontextmanager
async def refused_inserts(desk: Desk, table: str, *, sqlstate: str = "P0001") -> AsyncIterator[None]:
    """Let PostgreSQL refuse rows of a table, as it does when something is wrong with its disk."""
    raised = f"RAISE 'no' USING ERRCODE = '{sqlstate}'"
    refuse = f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {raised}; END $$"
    async with desk.database.engine.begin() as connection:
        await connection.execute(text(refuse))
        await connection.execute(
            text(f"CREATE TRIGGER refused BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")
        )
    try:
        yield
    finally:
        async with desk.database.engine.begin() as connection:
            await connection.execute(text("DROP FUNCTION refuse CASCADE"))
