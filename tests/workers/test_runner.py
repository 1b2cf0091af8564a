"""What a worker says when Redis goes, or when it ends itself: one line, and no traceback of ARQ's."""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from arq.connections import ArqRedis
from structlog.testing import capture_logs

from lexora_gql.adapters.arq_queue import JOB_NAME, QUEUE_NAME, ArqQueue, connect, job_deserializer, job_serializer
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.workers.ending import ended
from lexora_gql.workers.runner import Rings, hear


@dataclass(slots=True)
class Work:
    """Work that lasts until it is let go."""

    began: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def do(self) -> None:
        self.began.release()
        await self.go_on.wait()


@pytest.fixture
async def redis(servers_folder: Path) -> AsyncIterator[EmbeddedRedis]:
    """A Redis that may be killed."""
    server = EmbeddedRedis(servers_folder / "rings")
    await server.start()
    yield server
    await server.stop()


@asynccontextmanager
async def hearing(url: str, work: Work) -> AsyncIterator["asyncio.Task[None]"]:
    connecting = partial(connect, url, reply_seconds=5.0)
    rings = Rings(connecting, JOB_NAME, QUEUE_NAME, job_serializer, job_deserializer)
    task = asyncio.create_task(hear(rings, work.do, concurrency=2))
    try:
        yield task
    finally:
        await ended([task])


async def ring(url: str, times: int) -> None:
    queue = ArqQueue(url)
    for _ in range(times):
        await queue.ring()
    await queue.aclose()


async def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the errors that were logged, those about what is collected included."""
    await asyncio.sleep(0)
    gc.collect()
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def open_connections(client: ArqRedis) -> int:
    pool = client.connection_pool
    return sum(one.is_connected for one in (*pool._available_connections, *pool._in_use_connections))


class TestALostRedis:
    @pytest.mark.parametrize(
        ("_case", "rings", "work_ends"),
        [("seen by who looks for the next ring", 1, False), ("seen by who puts a ring away", 2, True)],
    )
    async def test_it_is_told_in_one_line(
        self, redis: EmbeddedRedis, caplog: pytest.LogCaptureFixture, _case: str, rings: int, work_ends: bool
    ) -> None:
        work = Work()
        with capture_logs() as lines:
            async with hearing(redis.url, work), asyncio.timeout(20):
                await ring(redis.url, rings)
                for _ in range(rings):
                    await work.began.acquire()
                assert redis.child is not None
                redis.child.kill()
                await redis.child.wait()
                if work_ends:
                    work.go_on.set()
                while not lines:  # noqa: ASYNC110  # a line in a log is no event
                    await asyncio.sleep(0.01)

        assert [line["event"] for line in lines] == ["rings_lost"]
        assert await said(caplog) == []

    async def test_rings_are_heard_again_when_it_is_back(self, redis: EmbeddedRedis) -> None:
        work = Work()
        async with hearing(redis.url, work), asyncio.timeout(20):
            await ring(redis.url, 1)
            await work.began.acquire()
            assert redis.child is not None
            redis.child.kill()
            await redis.child.wait()
            await redis.start()

            await ring(redis.url, 1)
            await work.began.acquire()


class TestAnEnd:
    async def test_it_closes_its_connections_also_when_asked_again(self, redis: EmbeddedRedis) -> None:
        clients = []

        def connecting() -> ArqRedis:
            clients.append(connect(redis.url, reply_seconds=5.0))
            return clients[-1]

        work = Work()
        rings = Rings(connecting, JOB_NAME, QUEUE_NAME, job_serializer, job_deserializer)
        task = asyncio.create_task(hear(rings, work.do, concurrency=2))
        async with asyncio.timeout(20):
            await ring(redis.url, 2)
            for _ in range(2):
                await work.began.acquire()
            assert redis.child is not None
            redis.child.send(signal.SIGSTOP)
            try:
                task.cancel()
                # It waits for its rings to be put away, which a frozen Redis does not answer.
                await asyncio.wait({task}, timeout=0.1)
                assert not task.done()
                task.cancel()
                await asyncio.wait({task})
            finally:
                redis.child.send(signal.SIGCONT)

        assert len(clients) == 1
        assert open_connections(clients[0]) == 0

    async def test_a_ring_that_is_being_heard_is_put_away_without_a_word(
        self, redis: EmbeddedRedis, caplog: pytest.LogCaptureFixture
    ) -> None:
        work = Work()
        async with hearing(redis.url, work) as task:
            async with asyncio.timeout(20):
                await ring(redis.url, 2)
                for _ in range(2):
                    await work.began.acquire()
            await ended([task])

        assert await said(caplog) == []
        queue = ArqQueue(redis.url)
        assert await queue.depth() == 0
        await queue.aclose()

    async def test_a_ring_that_is_being_looked_at_gives_back_its_connection_without_a_word(
        self, redis: EmbeddedRedis, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = connect(redis.url, reply_seconds=5.0)
        assert redis.child is not None
        child = redis.child

        async def look() -> None:
            # As ARQ looks at each ring before it begins it.
            async with client.pipeline(transaction=True) as pipe:
                await pipe.watch("ring")
                child.send(signal.SIGSTOP)
                await pipe.exists("ring")

        task = asyncio.create_task(look())
        try:
            # The first time ends the question; what is said to Redis because of it is not answered either.
            while not task.done():
                await asyncio.wait({task}, timeout=0.2)
                task.cancel()
        finally:
            child.send(signal.SIGCONT)

        assert await said(caplog) == []
        assert open_connections(client) == 0
        assert not client.connection_pool._in_use_connections
