import asyncio

from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.documents.models import Document, DocumentStatus
from lexora_gql.storage.database import Database
from lexora_gql.workers.jobs import Slots
from tests.database import connect
from tests.documents.desk import Desk, GatedEmbedder
from tests.documents.generations.house import NEW, OLD, House, new, old, upload
from tests.factories import Library


class TestWorking:
    async def test_a_ring_reads_all_that_is_due(self, database: Database, library: Library) -> None:
        desk = Desk(database)
        viewer = await library.reader()
        for n in range(4):
            await desk.upload(viewer, f"Text {n}.")
        slots = Slots(desk.ingestion, 2)

        await slots.work()

        assert await desk.count(Document, Document.status == DocumentStatus.READY) == 4

    async def test_no_more_are_read_at_a_time_than_there_are_slots(self, database: Database, library: Library) -> None:
        embedder = GatedEmbedder()
        desk = Desk(database, embedder=embedder)
        viewer = await library.reader()
        for n in range(5):
            await desk.upload(viewer, f"Text {n}.")
        slots = Slots(desk.ingestion, 2)
        ringing = [asyncio.create_task(slots.work()) for _ in range(5)]
        for _ in range(5):
            slots.work_if_idle()
        await embedder.asked.wait()
        async with asyncio.timeout(5):
            while await desk.count(Document, Document.status == DocumentStatus.PROCESSING) < 2:  # noqa: ASYNC110  # a row, not an event
                await asyncio.sleep(0.01)  # until PostgreSQL has seen both

        # The third would have been taken up by now, if there were a slot for it.
        await asyncio.sleep(0.2)
        assert await desk.count(Document, Document.status == DocumentStatus.PROCESSING) == 2
        embedder.gate.set()
        await asyncio.gather(*ringing)
        assert await desk.count(Document, Document.status == DocumentStatus.READY) == 5

    async def test_who_stops_waiting_does_not_stop_the_work(self, database: Database, library: Library) -> None:
        embedder = GatedEmbedder()
        desk = Desk(database, embedder=embedder)
        document = await desk.upload(await library.reader(), "Text.")
        slots = Slots(desk.ingestion, 1)
        ringing = asyncio.create_task(slots.work())
        await embedder.asked.wait()

        ringing.cancel()
        await asyncio.wait({ringing})
        embedder.gate.set()
        await slots.work()

        row = await desk.row(document.id)
        assert (row.status, row.attempt) == ("READY", 1)

    async def test_a_database_that_is_away_ends_the_slot_and_nothing_else(self) -> None:
        away = connect("postgresql://nobody@127.0.0.1:1/nowhere")
        slots = Slots(Desk(away).ingestion, 1)

        await slots.work()
        await slots.work()

        await away.dispose()


class TestStopping:
    async def test_nothing_is_started_any_more(self, database: Database, library: Library) -> None:
        desk = Desk(database)
        document = await desk.upload(await library.reader(), "Text.")
        slots = Slots(desk.ingestion, 1)
        await slots.stop()

        await slots.work()
        slots.work_if_idle()
        await asyncio.sleep(0.1)

        assert (await desk.row(document.id)).status is DocumentStatus.PENDING


class TestReindexing:
    async def test_it_gets_the_time_that_documents_leave(self, database: Database) -> None:
        house = House.over(database)
        viewer = await house.library.reader()
        await house.filled(viewer, 40)
        process = house.server(new(), old())
        await process.services.reindexing.start_locally()
        late = await upload(process, viewer, "The canteen is closed on Sundays.")
        reembedding = process.upkeep.reembedding

        await Slots(process.upkeep.ingestion, 1, reembedding).work()

        embedder = process.adapters.embedder
        assert isinstance(embedder, HashingEmbedder)
        # The upload was first, though it came last.
        assert "Sundays" in embedder.texts_embedded[0]
        assert len(embedder.texts_embedded) == 41
        assert (await Desk(database).row(late.id)).status == DocumentStatus.READY
        assert await house.generations() == [(1, OLD), (2, NEW)]
