"""Uploads and deletions while everything is embedded anew: nothing is missed, and nobody waits for it."""

import asyncio

import pytest
from sqlalchemy import select, text

from lexora_gql.documents.generations.reindexes import ReindexRepository
from lexora_gql.documents.generations.serving import HOLD_GENERATION, Serving, serving
from lexora_gql.documents.models import ChunkVector, Document
from lexora_gql.ports.embedder import EmbedderUnavailable
from lexora_gql.storage.database import WORKER, Database
from tests.documents.desk import GatedEmbedder
from tests.documents.generations.house import NEW, OLD, House, likeness_of, new, old, read, search, upload, work
from tests.documents.generations.test_interruptions import Failing


@pytest.fixture
def house(database: Database) -> House:
    return House.over(database)


class TestUploads:
    async def test_they_get_the_vectors_that_serve_and_the_next(self, house: House) -> None:
        viewer = await house.library.reader()
        await house.filled(viewer, 1)
        process = house.server(new(), old())
        await process.services.reindexing.start_locally()
        document = await upload(process, viewer, "The canteen is closed on Sundays.")
        await read(process)

        assert document.id in likeness_of(await search(process, viewer))
        vectors = sorted(sorted(names) for names in (await house.stored()).values())
        assert vectors == [[NEW, OLD], [OLD]]

    async def test_before_a_reindex_they_get_the_vectors_that_serve_not_the_configured_ones(self, house: House) -> None:
        viewer = await house.library.reader()
        await house.filled(viewer, 1)
        process = house.server(new(), old())
        document = await upload(process, viewer, "The canteen is closed on Sundays.")
        await read(process)

        assert set(map(frozenset, (await house.stored()).values())) == {frozenset({OLD})}
        assert likeness_of(await search(process, viewer))[document.id] is not None

    async def test_one_without_the_next_vectors_is_made_good_before_the_swap(self, house: House) -> None:
        viewer = await house.library.reader()
        await house.filled(viewer, 1)
        process = house.server(new(), old())
        await process.services.reindexing.start_locally()
        await process.upkeep.reembedding.step()
        # As a release before this one publishes, or one whose next embedder was away.
        await house.library.document(viewer, "The canteen is closed on Sundays.", embedder=old())

        await work(process)

        assert await house.generations() == [(1, OLD), (2, NEW)]
        assert set(map(frozenset, (await house.stored()).values())) == {frozenset({NEW})}
        assert (await house.reindex()).done == 2

    async def test_an_outage_of_the_next_embedder_keeps_nobody_waiting(self, house: House) -> None:
        viewer = await house.library.reader()
        await house.filled(viewer, 1)
        embedder = Failing(EmbedderUnavailable("secret"))
        process = house.server(embedder, old())
        await process.services.reindexing.start_locally()
        document = await upload(process, viewer, "The canteen is closed on Sundays.")
        await read(process)
        assert likeness_of(await search(process, viewer)).keys() >= {document.id}

        embedder.error = None
        await work(process)
        assert await house.generations() == [(1, OLD), (2, NEW)]
        assert set(map(frozenset, (await house.stored()).values())) == {frozenset({NEW})}

    async def test_one_that_was_embedded_before_the_swap_is_embedded_again(self, house: House) -> None:
        viewer = await house.library.reader()
        await house.filled(viewer, 1)
        slow = GatedEmbedder()
        reader, process = house.server(slow, new()), house.server(new(), old())
        document = await upload(reader, viewer, "The canteen is closed on Sundays.")
        reading = asyncio.create_task(read(reader))
        await slow.asked.wait()
        await process.services.reindexing.start_locally()
        await work(process)
        slow.gate.set()
        await reading

        assert set(map(frozenset, (await house.stored()).values())) == {frozenset({NEW})}
        assert likeness_of(await search(process, viewer))[document.id] is not None
        assert await attempts(house, document) == 1

    async def test_a_publication_under_way_holds_the_swap_up(self, house: House) -> None:
        process = house.server(new(), old())
        viewer = await house.library.reader()
        await house.filled(viewer, 1)
        state = await process.services.reindexing.start_locally()
        await process.upkeep.reembedding.step()
        published = asyncio.Event()

        async def swap() -> bool:
            async with house.database.transaction(WORKER) as session:
                is_over = await ReindexRepository(session).swap(state.id)
                assert published.is_set()
                return is_over

        async with house.database.transaction(WORKER) as session:
            await session.execute(select(HOLD_GENERATION))
            swapping = asyncio.create_task(swap())
            await waits_for_the_lock(house)
            assert not swapping.done()
            # Whose vectors serve stays as it is, as long as somebody publishes.
            assert await serving(session, NEW) == Serving(1, OLD)
            published.set()
        assert await swapping
        async with house.database.transaction(WORKER) as session:
            assert await serving(session, OLD) == Serving(2, NEW)


class TestDeletions:
    async def test_what_is_deleted_goes_with_all_its_vectors(self, house: House) -> None:
        viewer = await house.library.reader()
        first, second = await house.filled(viewer, 2)
        process = house.server(new(), old(), embedding_batch_size=1)
        await process.services.reindexing.start_locally()
        await process.services.documents.delete(viewer, first.id)
        await process.upkeep.reembedding.step()
        assert await house.counted(ChunkVector) == 1
        await process.services.documents.delete(viewer, second.id)
        assert await house.counted(ChunkVector) == 0

        await work(process)

        assert await house.generations() == [(1, OLD), (2, NEW)]
        assert likeness_of(await search(process, viewer)) == {}

    async def test_one_that_goes_while_it_is_embedded_stops_nothing(self, house: House) -> None:
        viewer = await house.library.reader()
        documents = await house.filled(viewer, 3)

        class Slow(GatedEmbedder):
            @property
            def name(self) -> str:
                return NEW

        slow = Slow()
        process = house.server(slow, old())
        await process.services.reindexing.start_locally()
        working = asyncio.create_task(process.upkeep.reembedding.step())
        await slow.asked.wait()
        await process.services.documents.delete(viewer, documents[1].id)
        slow.gate.set()
        assert await working
        await work(process)

        assert await house.generations() == [(1, OLD), (2, NEW)]
        assert len(await house.stored()) == 2


async def attempts(house: House, document: Document) -> int:
    async with house.database.engine.connect() as connection:
        found = await connection.execute(text("SELECT attempt FROM documents WHERE id = :id"), {"id": document.id})
        return int(found.scalar_one())


async def waits_for_the_lock(house: House) -> None:
    query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with asyncio.timeout(5):
        while True:
            async with house.database.engine.connect() as connection:
                if (await connection.execute(query)).scalar_one():
                    return
