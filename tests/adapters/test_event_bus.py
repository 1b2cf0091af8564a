"""Bells and live text: the contract, in memory and on a Redis that is killed and started again."""

import signal
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.adapters.redis_events import RedisEvents
from lexora_gql.embedded.redis import EmbeddedRedis
from tests.adapters.event_bus_contract import EventBusContract, Outage


class MemoryOutage(Outage):
    def __init__(self, bus: InMemoryEvents) -> None:
        self.bus = self.memory = bus

    async def begin(self) -> None:
        self.memory.go_away()

    async def end(self) -> None:
        self.memory.come_back()


class TestInMemoryEvents(EventBusContract):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[InMemoryEvents]:
        bus = InMemoryEvents()
        yield bus
        await bus.aclose()

    @pytest.fixture
    def outage(self, bus: InMemoryEvents) -> Outage:
        return MemoryOutage(bus)


class RedisOutage(Outage):
    def __init__(self, bus: RedisEvents, server: EmbeddedRedis) -> None:
        self.bus = bus
        self.server = server

    async def begin(self) -> None:
        assert self.server.child is not None
        self.server.child.process.send_signal(signal.SIGKILL)
        await self.server.child.process.wait()

    async def end(self) -> None:
        await self.server.start()


@pytest.fixture
async def redis_bus(redis_url: str) -> AsyncIterator[RedisEvents]:
    bus = RedisEvents(redis_url, prefix=f"test-{uuid4()}")
    yield bus
    await bus.aclose()


class TestRedisEvents(EventBusContract):
    @pytest.fixture
    async def bus(self, redis_bus: RedisEvents) -> RedisEvents:
        return redis_bus

    @pytest.fixture
    async def outage(self, own_redis: EmbeddedRedis) -> AsyncIterator[Outage]:
        bus = RedisEvents(own_redis.url)
        yield RedisOutage(bus, own_redis)
        await bus.aclose()
