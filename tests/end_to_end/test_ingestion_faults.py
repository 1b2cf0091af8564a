"""Workers as processes, killed, frozen, cut off: each document ends READY, with one set of chunks.

The checker goes red on a doubled set, a missing chunk and another text: see tests/documents/test_one_set.py.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import Redis

from lexora_gql.embedded.postgres import EmbeddedPostgres
from tests.end_to_end.reading import Site, long_text
from tests.end_to_end.stack import Program, Stack

# Long enough to be seen at its stage, short enough to be read again. Where everything might be a sentence a text takes
# long to be cut.
TEXTS = {
    "PARSING": long_text("PARSING", paragraphs=2_000),
    "CHUNKING": ("words" + " ." * 40) * 15_000,
    "EMBEDDING": long_text("EMBEDDING", paragraphs=5_000),
}


@pytest.fixture(scope="module")
async def site(postgres_url: str) -> AsyncIterator[Site]:
    """One stack for all tests of this file; starting a worker takes seconds."""
    async with Stack.open(postgres_url) as stack, Site.open(stack) as site:
        yield site


# The second: PostgreSQL has ended the transaction that it was frozen in.
NOTHING_WRITTEN = {"LEASE_LOST", "DATABASE_AWAY"}


async def outcome(worker: Program, document_id: UUID) -> str:
    """Wait until a worker says what became of its work on a document."""
    await worker.says(str(document_id))
    lines = [json.loads(line) for line in worker.output().splitlines() if str(document_id) in line]
    return str(lines[-1]["outcome"])


class TestKilling:
    @pytest.mark.parametrize("stage", TEXTS)
    async def test_a_worker_killed_at_any_stage_is_replaced(self, site: Site, stage: str) -> None:
        worker = await site.working()
        document_id = await site.upload(TEXTS[stage])
        await site.until(document_id, stage)

        await worker.kill()
        assert (await site.desk.row(document_id)).status == "PROCESSING"
        await site.working()

        row = await site.ended(document_id)
        assert await site.flaws(document_id) == []
        assert (row.attempt, row.losses) == (2, 1)

    async def test_a_worker_killed_in_the_middle_of_its_commit_leaves_nothing_of_it(self, site: Site) -> None:
        worker = await site.working()
        async with site.held_back():
            document_id = await site.upload(long_text("INDEXING", paragraphs=200))
            await site.until(document_id, "INDEXING")
            await site.someone_waits_for_a_lock()
            await worker.kill()
            assert await site.desk.chunks(document_id) == []
        await site.working()

        row = await site.ended(document_id)
        assert await site.flaws(document_id) == []
        assert (row.attempt, row.losses) == (2, 1)


class TestFreezing:
    async def test_a_worker_that_wakes_after_its_lease_writes_nothing(self, site: Site) -> None:
        frozen = await site.working()
        document_id = await site.upload(long_text("frozen", paragraphs=5_000))
        await site.until(document_id, "EMBEDDING")
        frozen.signal(signal.SIGSTOP)
        site.worker = None
        await site.working()
        await site.ended(document_id)
        before = [chunk.id for chunk in await site.desk.chunks(document_id)]

        frozen.signal(signal.SIGCONT)
        assert await outcome(frozen, document_id) in NOTHING_WRITTEN
        assert [chunk.id for chunk in await site.desk.chunks(document_id)] == before
        assert await site.flaws(document_id) == []
        assert await frozen.stop() == 0

    async def test_a_worker_frozen_in_its_commit_lets_go_of_the_rows_it_holds(self, site: Site) -> None:
        frozen = await site.working()
        async with site.held_back():
            document_id = await site.upload(long_text("held", paragraphs=200))
            await site.until(document_id, "INDEXING")
            await site.someone_waits_for_a_lock()
            frozen.signal(signal.SIGSTOP)
        site.worker = None
        await site.working()

        row = await site.ended(document_id)

        assert await site.flaws(document_id) == []
        assert row.attempt == 2
        frozen.signal(signal.SIGCONT)
        assert await outcome(frozen, document_id) in NOTHING_WRITTEN
        assert await site.flaws(document_id) == []
        assert await frozen.stop() == 0

    async def test_a_worker_frozen_while_it_writes_chunks_lets_go_of_its_document(self, site: Site) -> None:
        frozen = await site.working()
        document_id = await site.upload(long_text("writing", paragraphs=3_000))
        await site.until(document_id, "INDEXING")
        await site.someone_writes_chunks()
        frozen.signal(signal.SIGSTOP)
        site.worker = None
        await site.working()

        row = await site.ended(document_id)

        assert await site.flaws(document_id) == []
        assert row.attempt == 2
        frozen.signal(signal.SIGCONT)
        assert await outcome(frozen, document_id) in NOTHING_WRITTEN
        assert await frozen.stop() == 0


class TestStopping:
    async def test_a_stop_gives_the_document_back_at_no_cost(self, site: Site) -> None:
        worker = await site.working()
        document_id = await site.upload(long_text("stopped", paragraphs=5_000))
        await site.until(document_id, "EMBEDDING")
        started = time.monotonic()

        code = await worker.stop()

        seconds = time.monotonic() - started
        row = await site.desk.row(document_id)
        assert (code, row.status, row.attempt, row.losses) == (0, "PENDING", 0, 0)
        assert seconds < 5
        await site.working()
        row = await site.ended(document_id)
        assert await site.flaws(document_id) == []
        assert (row.attempt, row.losses) == (1, 0)


class TestGivingWay:
    async def test_a_worker_gives_way_as_far_as_it_is_told(self, site: Site) -> None:
        worker = await site.stack.start_worker(WORKER_NICENESS="7")

        assert os.getpriority(os.PRIO_PROCESS, worker.process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 7
        assert await worker.stop() == 0


class TestRedis:
    async def test_all_of_it_may_be_lost_in_the_middle(self, site: Site) -> None:
        await site.working()
        ids = [await site.upload(long_text(f"flushed {n}", paragraphs=500)) for n in range(3)]
        await site.until(ids[0], "EMBEDDING", "INDEXING", "DONE")
        redis = Redis.from_url(site.stack.redis.url)

        await redis.flushall()
        await redis.aclose()

        for document_id in ids:
            assert (await site.ended(document_id)).attempt == 1
            assert await site.flaws(document_id) == []

    async def test_documents_are_read_without_it(self, site: Site) -> None:
        await site.working()
        child = site.stack.redis.child
        assert child is not None
        await child.stop()
        try:
            ids = [await site.upload(long_text(f"without {n}", paragraphs=50)) for n in range(3)]

            for document_id in ids:
                assert (await site.ended(document_id)).attempt == 1
                assert await site.flaws(document_id) == []
        finally:
            await site.stack.redis.start()
        after = await site.upload("Redis is back.")
        assert (await site.ended(after)).attempt == 1


class TestPostgres:
    async def test_it_may_crash_in_the_middle_and_come_back(self, servers_folder: Path) -> None:
        server = EmbeddedPostgres(servers_folder / "crashing")
        await server.start()
        try:
            async with Stack.open(server.url) as stack, Site.open(stack) as site:
                await site.working()
                document_id = await site.upload(long_text("crash", paragraphs=5_000))
                await site.until(document_id, "EMBEDDING")
                assert server.child is not None
                # As `pg_ctl stop -m immediate`.
                server.child.process.send_signal(signal.SIGQUIT)
                await server.child.process.wait()
                await asyncio.sleep(0.5)
                await server.start()

                await site.ended(document_id)

                assert await site.flaws(document_id) == []
                # The worker is the same one: it came back without a restart.
                assert site.worker is not None
                assert site.worker.process.returncode is None
        finally:
            await server.stop()
