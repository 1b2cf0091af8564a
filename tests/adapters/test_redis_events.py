"""What only Redis can show: several servers, keys that end, a server that freezes, and how fast it is."""

import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from lexora_gql.adapters.redis_events import RedisEvents
from lexora_gql.adapters.redis_events.bells import SILENCE_SECONDS
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.ports.event_bus import BusAway, LiveText, heard
from tests.adapters.event_bus_contract import Answer, hear, until_away


@pytest.fixture
async def redis_bus(redis_url: str) -> AsyncIterator[RedisEvents]:
    bus = RedisEvents(redis_url, prefix=f"test-{uuid4()}")
    yield bus
    await bus.aclose()


class TestRedisServers:
    async def test_a_ring_on_one_server_is_heard_on_another(self, redis_url: str) -> None:
        prefix = f"test-{uuid4()}"
        here, there = RedisEvents(redis_url, prefix=prefix), RedisEvents(redis_url, prefix=prefix)
        answer = Answer()
        async with there.listen(f"answer:{answer.id}") as bells:
            await answer.append(here, 0, "abc")
            await hear(bells)
        assert await answer.read(there, 1) == LiveText(1, "bc", is_finished=False)
        await here.aclose()
        await there.aclose()

    async def test_many_topics_share_one_connection_and_are_dropped_when_nobody_listens(
        self, redis_bus: RedisEvents, redis_url: str
    ) -> None:
        prefix = redis_bus._prefix
        async with Redis.from_url(redis_url) as redis:
            async with AsyncExitStack() as stack:
                bells = [await stack.enter_async_context(redis_bus.listen(f"feed:{n}")) for n in range(200)]
                assert len(await redis.pubsub_channels(f"{prefix}:*")) == 200
                assert len([c for c in await redis.client_list() if c["name"] == f"{prefix}:bells"]) == 1
                await redis_bus.ring("feed:199")
                await hear(bells[199])
            async with redis_bus.listen("last"):
                assert await redis.pubsub_channels(f"{prefix}:*") == [f"{prefix}:last".encode()]

    async def test_text_is_kept_for_minutes_and_no_longer(self, redis_bus: RedisEvents, redis_url: str) -> None:
        answer = Answer()
        await answer.append(redis_bus, 0, "abc")
        async with Redis.from_url(redis_url) as redis:
            [key] = await redis.keys(f"{redis_bus._prefix}:*")
            assert 595 <= await redis.ttl(key) <= 600
            await answer.finish(redis_bus)
            assert 115 <= await redis.ttl(key) <= 120

    async def test_a_value_that_names_another_owner_is_not_read(self, redis_bus: RedisEvents, redis_url: str) -> None:
        answer = Answer()
        await answer.append(redis_bus, 0, "abc")
        async with Redis.from_url(redis_url) as redis:
            [key] = await redis.keys(f"{redis_bus._prefix}:*")
            await redis.setrange(key, 0, uuid4().bytes)

        assert await answer.read(redis_bus) is None
        with pytest.raises(BusAway):
            await answer.append(redis_bus, 3, "def")


class TestFrozenRedis:
    async def test_a_call_costs_less_than_a_second_and_the_next_nothing(self, own_redis: EmbeddedRedis) -> None:
        bus, answer = RedisEvents(own_redis.url), Answer()
        await answer.append(bus, 0, "abc")
        async with bus.listen("feed:frozen") as bells:
            assert own_redis.child is not None
            own_redis.child.process.send_signal(signal.SIGSTOP)

            began = time.monotonic()
            with pytest.raises(BusAway):
                await answer.append(bus, 3, "def")
            first = time.monotonic() - began
            began = time.monotonic()
            for _ in range(100):
                await bus.ring("feed:frozen")
            rest = time.monotonic() - began
            own_redis.child.process.send_signal(signal.SIGCONT)

            assert first < 1.0
            assert rest < 0.1
            await hear(bells)
            await until_away(bus, expected=False)
            # The frozen server may have kept it or not: either way it is there once.
            await answer.append(bus, 0, "abcdef")
            assert await answer.read(bus) == LiveText(0, "abcdef", is_finished=False)
        await bus.aclose()

    async def test_who_listens_is_woken_once_when_it_falls_silent(self, own_redis: EmbeddedRedis) -> None:
        bus = RedisEvents(own_redis.url)
        async with bus.listen("answer:silent") as bells:
            assert own_redis.child is not None
            own_redis.child.process.send_signal(signal.SIGSTOP)
            try:
                assert await heard(bells, within_seconds=2 * SILENCE_SECONDS + 0.5)
                assert await bus.is_away()
                # Attempts to connect again, which fail, are nothing to look for.
                assert not await heard(bells, within_seconds=1.5)
            finally:
                own_redis.child.process.send_signal(signal.SIGCONT)
            assert await heard(bells, within_seconds=3.0)
        await bus.aclose()

    async def test_a_server_that_was_never_there_keeps_nobody_waiting(self, tmp_path: Path) -> None:
        bus = RedisEvents(f"unix://{tmp_path}/none.sock")
        began = time.monotonic()

        async with bus.listen("feed:none"):
            await bus.ring("feed:none")
            assert await bus.is_away()

        assert time.monotonic() - began < 1.0
        await bus.aclose()


class TestSpeed:
    async def test_a_bell_is_heard_within_milliseconds(self, redis_bus: RedisEvents) -> None:
        async with redis_bus.listen("feed:quick") as bells:
            spent = []
            for _ in range(300):
                began = time.perf_counter()
                await redis_bus.ring("feed:quick")
                await hear(bells)
                spent.append(time.perf_counter() - began)

        # Alone it is below a millisecond; the bound leaves room for a machine that is busy with other tests.
        assert sorted(spent)[len(spent) // 2] < 0.005
