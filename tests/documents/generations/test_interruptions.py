"""Workers that die, freeze, meet or are told to stop, and embedders that fail: nothing is lost or paid for twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func

from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.assembly.process import Process
from lexora_gql.documents.generations.reindexes import OUTAGES_MAX
from lexora_gql.documents.models import ChunkVector, Reembedding, Reindex
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.storage.database import Database
from tests.documents.desk import GatedEmbedder
from tests.documents.generations.house import NEW, OLD, House, new, old, work

BATCH = 4


class Gated(GatedEmbedder):
    """The new embedder, waiting to be let go."""

    @property
    def name(self) -> str:
        return NEW


class Failing(HashingEmbedder):
    """The new embedder, which fails after so many batches until it is mended."""

    def __init__(self, error: Exception, *, after: int = 0) -> None:
        super().__init__(dialect="runes")
        self.error: Exception | None = error
        self.left = after

    async def embed(self, texts: Sequence[str]) -> Any:
        """Fail, or embed."""
        if self.error is not None and self.left == 0:
            raise self.error
        self.left -= 1
        return await super().embed(texts)


@pytest.fixture
async def house(database: Database) -> House:
    house = House.over(database)
    await house.filled(await house.library.reader(), 40)
    return house


async def begin(process: Process) -> None:
    await process.services.reindexing.start_locally()


class TestWorkers:
    async def test_many_share_the_work_and_do_nothing_twice(self, house: House) -> None:
        embedders = [new() for _ in range(4)]
        servers = [house.server(embedder, old()) for embedder in embedders]
        await begin(servers[0])

        await asyncio.gather(*(work(server) for server in servers))

        assert sum(len(embedder.texts_embedded) for embedder in embedders) == 40
        assert await house.generations() == [(1, OLD), (2, NEW)]
        assert set(map(frozenset, (await house.stored()).values())) == {frozenset({NEW})}

    async def test_what_a_dead_worker_held_is_taken_over_and_what_it_made_is_kept(self, house: House) -> None:
        dying, heir = Gated(), new()
        process = house.server(dying, old())
        await begin(process)
        dying.gate.set()
        share_of_the_dead = asyncio.create_task(process.upkeep.reembedding.step())
        while await house.counted(ChunkVector) < 2 * BATCH:  # noqa: ASYNC110  # a row, not an event
            await asyncio.sleep(0)
        # As SIGKILL leaves it: no lease is given back.
        await vanish(share_of_the_dead, house)
        made = await house.counted(ChunkVector)
        successor = house.server(heir, old())

        await work(successor)
        assert await house.generations() == [(1, OLD)]
        await house.changed(Reembedding, lease_until=func.now() - timedelta(seconds=1))
        await work(successor)

        assert made < 40
        assert len(heir.texts_embedded) == 40 - made
        assert await house.generations() == [(1, OLD), (2, NEW)]

    async def test_who_is_told_to_stop_gives_the_work_back(self, house: House) -> None:
        embedder = Gated()
        process = house.server(embedder, old())
        await begin(process)
        step = asyncio.create_task(process.upkeep.reembedding.step())
        await embedder.asked.wait()
        assert await house.counted(Reembedding, Reembedding.lease_token.is_not(None)) > 0

        step.cancel()
        await asyncio.wait({step})

        assert step.cancelled()
        assert await house.counted(Reembedding, Reembedding.lease_token.is_not(None)) == 0
        assert await house.counted(Reembedding) == 40

    async def test_one_that_wakes_after_its_lease_leaves_the_work_to_others(self, house: House) -> None:
        frozen = Gated()
        process = house.server(frozen, old())
        await begin(process)
        asleep = asyncio.create_task(process.upkeep.reembedding.step())
        await frozen.asked.wait()
        await house.changed(Reembedding, lease_until=func.now() - timedelta(seconds=1))
        other = house.server(new(), old())
        await other.upkeep.reembedding.step()
        frozen.gate.set()
        await asleep
        await work(other)

        assert (await house.reindex()).done == 40
        assert await house.generations() == [(1, OLD), (2, NEW)]

    async def test_a_lease_is_renewed_while_the_embedder_takes_its_time(self, house: House) -> None:
        slow = Gated()
        process = house.server(slow, old(), lease_seconds=1.0, lease_renewal_seconds=0.2)
        await begin(process)
        working = asyncio.create_task(process.upkeep.reembedding.step())
        await slow.asked.wait()
        async with asyncio.timeout(5):
            first = await leased_until(house)
            while await leased_until(house) == first:  # noqa: ASYNC110  # a row, not an event
                await asyncio.sleep(0.05)
        slow.gate.set()
        assert await working

    async def test_one_without_the_embedder_leaves_it_to_others_and_ends_it_when_there_are_none(
        self, house: House
    ) -> None:
        await begin(house.server(new(), old()))
        stranger = house.server(old())

        assert not await stranger.upkeep.reembedding.step()
        assert (await house.reindex()).failure is None
        await house.changed(Reindex, moved_at=func.now() - timedelta(minutes=11))
        assert not await stranger.upkeep.reembedding.step()

        reindex = await house.reindex()
        assert reindex.failure is not None
        assert reindex.failure.startswith("No worker has this embedder.")
        assert reindex.finished_at is not None


class TestOutages:
    async def test_it_waits_longer_each_time_and_as_long_as_it_is_asked_to(self, house: House) -> None:
        embedder = Failing(EmbedderUnavailable("secret"))
        process = house.server(embedder, old())
        await begin(process)
        pauses = []
        for retry_after_seconds in (None, None, None, 120.0):
            embedder.error = EmbedderUnavailable("secret", retry_after_seconds=retry_after_seconds)
            assert not await process.upkeep.reembedding.step()
            pauses.append(await pause_seconds(house))
            assert not await process.upkeep.reembedding.step()
            await house.changed(Reindex, not_before=None)

        assert [round(pause) for pause in pauses] == [1, 2, 4, 120]
        assert (await house.reindex()).outages == 4
        embedder.error = None
        await work(process)
        assert await house.generations() == [(1, OLD), (2, NEW)]

    async def test_after_too_many_it_ends_and_the_next_goes_on_where_it_was(self, house: House) -> None:
        embedder = Failing(EmbedderUnavailable("secret"), after=6)
        process = house.server(embedder, old())
        await begin(process)
        for _ in range(OUTAGES_MAX + 5):
            await work(process)
            await house.changed(Reindex, not_before=None)
        failed = await house.reindex()
        assert (
            failed.failure
            == "The embedding service did not answer. Reindex again when it is back; what is done is kept."
        )
        assert failed.finished_at is not None
        assert await house.generations() == [(1, OLD)]
        assert len(embedder.texts_embedded) == 6 * BATCH

        embedder.error = None
        await begin(process)
        await work(process)

        assert len(embedder.texts_embedded) == 40
        assert await house.generations() == [(1, OLD), (2, NEW)]

    async def test_a_refusal_ends_it_at_once_and_says_why(self, house: House) -> None:
        process = house.server(Failing(EmbedderRejected("the embedding service answered 404\x00")), old())
        await begin(process)
        assert not await process.upkeep.reembedding.step()
        assert (await house.reindex()).failure == ("The embedding service refused: the embedding service answered 404 ")
        assert await house.counted(Reembedding, Reembedding.lease_token.is_not(None)) == 0

    async def test_wrong_dimensions_never_get_in(self, house: House) -> None:
        class Liar(HashingEmbedder):
            @property
            def dimensions(self) -> int:
                return 63

            @property
            def name(self) -> str:
                return NEW

        process = house.server(Liar(), old())
        await begin(process)
        await work(process)
        assert "(4, 63) was expected" in str((await house.reindex()).failure)
        assert await house.counted(ChunkVector) == 0


async def vanish(task: "asyncio.Task[bool]", house: House) -> None:
    """End a worker as SIGKILL does: what it would still have written to its lease is undone."""
    leased = {row.document_id: (row.lease_token, row.lease_until) for row in await leases(house)}
    task.cancel()
    await asyncio.wait({task})
    async with house.database.engine.begin() as connection:
        for document_id, (token, until) in leased.items():
            values = {"lease_token": token, "lease_until": until}
            await connection.execute(
                Reembedding.__table__.update().where(Reembedding.document_id == document_id).values(values)  # type: ignore[attr-defined]  # it is a Table
            )


async def leases(house: House) -> list[Any]:
    async with house.database.engine.connect() as connection:
        query = Reembedding.__table__.select().where(Reembedding.lease_token.is_not(None))
        return list((await connection.execute(query)).all())


async def leased_until(house: House) -> Any:
    return {row.lease_until for row in await leases(house)}


async def pause_seconds(house: House) -> float:
    async with house.database.engine.connect() as connection:
        query = Reindex.__table__.select().with_only_columns(
            func.extract("epoch", Reindex.not_before - func.clock_timestamp())
        )
        return float((await connection.execute(query)).scalar_one()) + 0.2
