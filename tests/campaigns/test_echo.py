import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from lexora_gql.adapters.arq_queue import QUEUE_NAME, ArqQueue
from tests.campaigns.echo import Echo


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The suite's Redis, empty before and after."""
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    yield redis
    await redis.flushall()
    await redis.aclose()


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[ArqQueue]:
    queue = ArqQueue(redis_url)
    yield queue
    await queue.aclose()


class TestEcho:
    async def test_every_message_is_delivered_five_times(self, redis: Redis, queue: ArqQueue, redis_url: str) -> None:
        async with Echo.open(redis_url) as echo, asyncio.timeout(10):
            for _ in range(3):
                await queue.ring()
            while True:
                if echo.copies >= 12:
                    break
                await asyncio.sleep(0.01)

            assert (echo.heard, echo.copies, await redis.zcard(QUEUE_NAME)) == (3, 12, 15)

    async def test_it_goes_on_after_its_connection_was_lost(
        self, redis: Redis, queue: ArqQueue, redis_url: str
    ) -> None:
        async with Echo.open(redis_url) as echo, asyncio.timeout(10):
            await redis.client_kill_filter(skipme=True)
            while not await redis.zcard(QUEUE_NAME) or not echo.heard:
                await queue.ring()
                await asyncio.sleep(0.05)
