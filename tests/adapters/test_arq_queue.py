"""The bell for workers: the contract, heard by a real ARQ worker."""

import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from arq.worker import Worker, func

from lexora_gql.adapters.arq_queue import (
    JOB_NAME,
    RINGS_MAX,
    ArqQueue,
    connect,
    job_deserializer,
    job_serializer,
)
from lexora_gql.adapters.offline.job_queue import InMemoryJobQueue
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.ports.job_queue import JobQueue

Hear = Callable[[], Awaitable[int]]
"""Lets a worker hear all that waits, and returns how often it was rung."""


class JobQueueContract:
    """What every JobQueue promises."""

    async def test_every_ring_is_heard_once(self, queue: JobQueue, hear: Hear) -> None:
        for _ in range(3):
            await queue.ring()
        assert await queue.depth() == 3

        assert await hear() == 3
        assert await queue.depth() == 0

    async def test_a_ring_after_all_was_heard_is_heard_again(self, queue: JobQueue, hear: Hear) -> None:
        await queue.ring()
        await hear()
        await queue.ring()

        assert await hear() == 1

    async def test_rings_that_nobody_hears_do_not_pile_up(self, queue: JobQueue) -> None:
        for _ in range(RINGS_MAX + 5):
            await queue.ring()

        assert await queue.depth() == RINGS_MAX

    async def test_once_closed_it_rings_in_vain_and_raises_nothing(self, closed: JobQueue) -> None:
        await closed.ring()

        assert await closed.depth() is None


class TestInMemoryJobQueue(JobQueueContract):
    @pytest.fixture
    def queue(self) -> InMemoryJobQueue:
        return InMemoryJobQueue()

    @pytest.fixture
    def hear(self, queue: InMemoryJobQueue) -> Hear:
        async def hear() -> int:
            heard = 0
            while await queue.depth():
                await queue.hear()
                heard += 1
            return heard

        return hear

    @pytest.fixture
    async def closed(self, queue: InMemoryJobQueue) -> InMemoryJobQueue:
        await queue.aclose()
        return queue


class TestArqQueue(JobQueueContract):
    @pytest.fixture
    def name(self) -> str:
        return f"test:{uuid4()}"

    @pytest.fixture
    async def queue(self, redis_url: str, name: str) -> AsyncIterator[ArqQueue]:
        queue = ArqQueue(redis_url, queue_name=name)
        yield queue
        await queue.aclose()

    @pytest.fixture
    def hear(self, redis_url: str, name: str) -> Hear:
        async def hear() -> int:
            heard: list[str] = []

            async def process_document(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
                del args, kwargs
                heard.append(ctx["job_id"])

            pool = connect(redis_url, queue_name=name)
            worker = Worker(
                [func(process_document, name=JOB_NAME, keep_result=0, max_tries=1)],
                redis_pool=pool,
                queue_name=name,
                burst=True,
                poll_delay=0.01,
                handle_signals=False,
                job_serializer=job_serializer,
                job_deserializer=job_deserializer,
            )
            await worker.main()
            leftovers = [*await pool.keys("arq:result:*"), *await pool.keys("arq:job:*")]
            assert leftovers == []
            # Not the worker's `close`, which calls what redis-py has deprecated.
            await pool.aclose(close_connection_pool=True)
            return len(set(heard))

        return hear

    @pytest.fixture
    async def closed(self, queue: ArqQueue) -> ArqQueue:
        await queue.aclose()
        return queue


class TestRedisAway:
    @pytest.fixture
    async def own_redis(self, servers_folder: Path) -> AsyncIterator[EmbeddedRedis]:
        server = EmbeddedRedis(servers_folder / f"redis-{uuid4().hex[:8]}")
        await server.start()
        yield server
        await server.stop()

    @pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
    async def test_a_ring_costs_less_than_a_second_and_raises_nothing(
        self, own_redis: EmbeddedRedis, sent: signal.Signals
    ) -> None:
        queue = ArqQueue(own_redis.url)
        await queue.ring()
        assert await queue.depth() == 1
        assert own_redis.child is not None
        own_redis.child.process.send_signal(sent)

        began = time.monotonic()
        await queue.ring()
        first = time.monotonic() - began
        began = time.monotonic()
        assert await queue.depth() is None
        second = time.monotonic() - began

        assert first < 1.0
        assert second < 0.1
        await queue.aclose()


class TestJobs:
    def test_a_job_is_json_and_comes_back_as_it_was(self) -> None:
        job: dict[str, Any] = {"t": None, "f": JOB_NAME, "a": (), "k": {}, "et": 1}

        assert job_serializer(job) == b'{"t": null, "f": "process_document", "a": [], "k": {}, "et": 1}'
        assert job_deserializer(job_serializer(job)) == job | {"a": []}

    def test_of_a_failure_only_the_kind_is_kept(self) -> None:
        assert job_serializer({"r": ValueError("secret text")}) == b'{"r": "ValueError"}'
