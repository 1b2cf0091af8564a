"""Another embedder: its vectors are made beside those that serve, and take their place at one moment."""

import asyncio

import pytest

from lexora_gql.accounts.models import AuditEntry
from lexora_gql.documents.models import Chunk, ChunkVector, Reembedding
from lexora_gql.errors import AlreadyRunning, Forbidden
from lexora_gql.storage.database import Database
from tests.documents.generations.house import (
    NEW,
    OLD,
    QUESTION,
    House,
    cosine,
    likeness_of,
    likenesses,
    new,
    old,
    search,
    work,
)


@pytest.fixture
def house(database: Database) -> House:
    return House.over(database)


class TestTheSwap:
    async def test_old_vectors_serve_until_all_the_new_are_there(self, house: House) -> None:
        viewer, admin = await house.library.reader(), await house.library.admin()
        [document] = await house.filled(viewer, 1)
        process = house.server(new(), old())
        [chunk] = (await search(process, viewer)).hits
        content = chunk.chunk.context + chunk.chunk.text
        by_old, by_new = await cosine(old(), QUESTION, content), await cosine(new(), QUESTION, content)
        assert abs(by_old - by_new) > 0.01

        before = likeness_of(await search(process, viewer))
        await process.services.reindexing.start(admin)
        await process.upkeep.reembedding.step()
        during = likeness_of(await search(process, viewer))
        beside = await house.stored()
        await work(process)
        after = likeness_of(await search(process, viewer))

        assert before == during == {document.id: pytest.approx(by_old, abs=1e-3)}
        assert beside == {chunk.chunk.id: {OLD, NEW}}
        assert after == {document.id: pytest.approx(by_new, abs=1e-3)}

    async def test_afterwards_each_passage_has_one_vector_beside_it(self, house: House) -> None:
        viewer, admin = await house.library.reader(), await house.library.admin()
        await house.filled(viewer, 5)
        process = house.server(new(), old())
        await process.services.reindexing.start(admin)
        await work(process)

        assert set(map(frozenset, (await house.stored()).values())) == {frozenset({NEW})}
        assert await house.counted(Chunk, Chunk.embedder == NEW) == 5
        assert (await house.counted(ChunkVector), await house.counted(Reembedding)) == (0, 0)
        assert await house.generations() == [(1, OLD), (2, NEW)]

    async def test_every_server_goes_by_the_same_vectors_at_once(self, house: House) -> None:
        viewer, admin = await house.library.reader(), await house.library.admin()
        await house.filled(viewer, 3)
        other = await house.library.collection(viewer, "Other")
        await house.library.document(viewer, "The canteen is large.", collection_id=other, embedder=old())
        servers = [house.server(new(), old()), house.server(new(), old()), house.server(old(), new())]
        await servers[0].services.reindexing.start(admin)

        seen: list[frozenset[float]] = []

        async def watch(number: int) -> None:
            while len(await house.generations()) < 2:
                seen.append(likenesses(await search(servers[number], viewer)))
            seen.append(likenesses(await search(servers[number], viewer)))

        watching = [asyncio.create_task(watch(number)) for number in range(3)]
        await work(servers[0])
        await asyncio.gather(*watching)

        # Over both collections at once: never some cosines of one embedder and some of the other.
        contents = [hit.chunk.context + hit.chunk.text for hit in (await search(servers[0], viewer)).hits]
        whole = [
            frozenset([round(await cosine(embedder, QUESTION, content), 3) for content in contents])
            for embedder in (old(), new())
        ]
        assert len(contents) == 4
        assert set(seen) == set(whole)
        assert seen[-1] == whole[1]

    async def test_it_may_be_done_again_and_back(self, house: House) -> None:
        viewer, admin = await house.library.reader(), await house.library.admin()
        [document] = await house.filled(viewer, 1)
        here, there = house.server(new(), old()), house.server(old(), new())
        first = likeness_of(await search(here, viewer))
        for process in (here, there, there):
            await process.services.reindexing.start(admin)
            await work(process)

        assert likeness_of(await search(here, viewer)) == likeness_of(await search(there, viewer)) == first
        assert first[document.id] is not None
        assert await house.generations() == [(1, OLD), (2, NEW), (3, OLD), (4, OLD)]


class TestProgress:
    async def test_it_counts_passages(self, house: House) -> None:
        viewer, admin = await house.library.reader(), await house.library.admin()
        await house.library.document(viewer, "\n\n".join(["The canteen opens at noon. " * 30] * 9), embedder=old())
        passages = await house.counted(Chunk)
        process = house.server(new(), old())
        assert await process.services.reindexing.newest(admin) is None

        began = await process.services.reindexing.start(admin)
        await work(process)
        ended = await process.services.reindexing.newest(admin)

        assert passages > 4
        assert (began.embedder, began.done, began.total, began.finished_at) == (NEW, 0, passages, None)
        assert ended is not None
        assert (ended.id, ended.done, ended.total, ended.failure) == (began.id, passages, passages, None)
        assert ended.finished_at is not None

    async def test_where_nothing_is_stored_it_is_done_at_once(self, house: House) -> None:
        process, admin = house.server(new(), old()), await house.library.admin()
        await process.services.reindexing.start(admin)
        assert await process.upkeep.reembedding.step()
        state = await process.services.reindexing.newest(admin)
        assert state is not None
        assert (state.done, state.total, state.finished_at is not None) == (0, 0, True)

    async def test_workers_hear_of_it(self, house: House) -> None:
        process, admin = house.server(new(), old()), await house.library.admin()
        await process.upkeep.reembedding.reconcile()
        assert await process.adapters.queue.depth() == 0
        await process.services.reindexing.start(admin)
        assert await process.adapters.queue.depth() == 1


class TestWhoMay:
    async def test_only_administrators_begin_and_watch_it(self, house: House) -> None:
        viewer, admin = await house.library.reader(), await house.library.admin()
        reindexing = house.server(new()).services.reindexing
        with pytest.raises(Forbidden):
            await reindexing.start(viewer)
        with pytest.raises(Forbidden):
            await reindexing.newest(viewer)
        state = await reindexing.start(admin)
        assert await reindexing.by_id(viewer, state.id) is None
        assert await reindexing.by_id(admin, state.id) == state

    async def test_one_runs_at_a_time_however_many_begin(self, house: House) -> None:
        admin = await house.library.admin()
        reindexing = house.server(new()).services.reindexing
        began = await asyncio.gather(*(reindexing.start(admin) for _ in range(5)), return_exceptions=True)
        assert sorted(type(one).__name__ for one in began) == ["AlreadyRunning"] * 4 + ["ReindexState"]
        with pytest.raises(AlreadyRunning):
            await reindexing.start_locally()

    async def test_it_is_written_down_who_began(self, house: House) -> None:
        admin = await house.library.admin()
        await house.server(new()).services.reindexing.start(admin)
        entry = AuditEntry.action == "REINDEX_STARTED", AuditEntry.actor_id == admin.user_id
        assert await house.counted(AuditEntry, *entry) == 1
