import asyncio

from redis.asyncio import Redis

from lexora_gql.adapters.arq_queue import QUEUE_NAME, ArqQueue
from tests.campaigns.echo import Echo


class TestEcho:
    async def test_every_message_is_delivered_five_times(self, redis_url: str) -> None:
        redis, queue = Redis.from_url(redis_url), ArqQueue(redis_url)
        await redis.flushall()
        async with Echo.open(redis_url) as echo, asyncio.timeout(10):
            for _ in range(3):
                await queue.ring()
            while True:
                if await redis.zcard(QUEUE_NAME) >= 15:
                    break
                await asyncio.sleep(0.01)

            assert (echo.heard, echo.copies) == (3, 12)
        await queue.aclose()
        await redis.flushall()
        await redis.aclose()

    async def test_it_goes_on_after_its_connection_was_lost(self, redis_url: str) -> None:
        redis, queue = Redis.from_url(redis_url), ArqQueue(redis_url)
        await redis.flushall()
        async with Echo.open(redis_url) as echo, asyncio.timeout(10):
            await redis.execute_command("CLIENT", "KILL", "SKIPME", "yes")
            while not await redis.zcard(QUEUE_NAME) or not echo.heard:
                await queue.ring()
                await asyncio.sleep(0.05)
        await queue.aclose()
        await redis.flushall()
        await redis.aclose()
