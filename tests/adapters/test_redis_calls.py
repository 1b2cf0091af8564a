"""Calls of the same moment share a connection and a round trip, and nothing else."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from lexora_gql.adapters.redis_calls import COMMANDS_MAX, RedisCalls
from lexora_gql.adapters.redis_connections import RedisAway
from lexora_gql.embedded.redis import EmbeddedRedis

ECHO = "return ARGV[1]"


@pytest.fixture
async def calls(own_redis: EmbeddedRedis) -> AsyncIterator[RedisCalls]:
    calls = RedisCalls(own_redis.url)
    yield calls
    await calls.aclose()


class TestCalls:
    async def test_each_gets_its_own_replies_whatever_is_asked_beside_it(
        self, calls: RedisCalls, own_redis: EmbeddedRedis
    ) -> None:
        count = COMMANDS_MAX + 50
        asked = [calls.call(("SET", f"key{n}", n), ("GET", f"key{n}")) for n in range(count)]

        assert [reply for _, reply in await asyncio.gather(*asked)] == [str(n).encode() for n in range(count)]
        async with Redis.from_url(own_redis.url) as redis:
            assert len(await redis.client_list()) == 2

    async def test_one_that_gave_up_takes_nothing_from_the_others(self, calls: RedisCalls) -> None:
        leaving, staying = (asyncio.ensure_future(calls.call(("ECHO", word))) for word in ("one", "two"))
        await asyncio.sleep(0)
        leaving.cancel()

        assert await staying == [b"two"]

    async def test_a_forgotten_script_is_taught_again(self, calls: RedisCalls) -> None:
        assert await calls.run_script(ECHO, ["key"], ["one"]) == b"one"
        await calls.call(("SCRIPT", "FLUSH"))

        echoes = await asyncio.gather(*(calls.run_script(ECHO, ["key"], [n]) for n in range(3)))

        assert echoes == [b"0", b"1", b"2"]

    async def test_what_redis_does_not_do_counts_as_away_for_a_second(self, calls: RedisCalls) -> None:
        with pytest.raises(RedisAway):
            await calls.call(("NO SUCH COMMAND",))
        with pytest.raises(RedisAway):
            await calls.call(("PING",))

    async def test_nobody_waits_for_one_that_was_closed(self, own_redis: EmbeddedRedis) -> None:
        calls = RedisCalls(own_redis.url)
        asked = asyncio.ensure_future(calls.call(("BLPOP", "nothing", 0)))
        async with Redis.from_url(own_redis.url) as redis, asyncio.timeout(5):
            while True:
                if (await redis.info("clients"))["blocked_clients"]:
                    break
                await asyncio.sleep(0)

        await calls.aclose()

        with pytest.raises(RedisAway):
            await asked
