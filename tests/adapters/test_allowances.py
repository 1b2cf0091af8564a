"""Allowances: the contract, in memory and on Redis."""

import struct
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from lexora_gql.adapters.offline.allowances import InMemoryAllowances
from lexora_gql.adapters.redis_allowances import RedisAllowances
from lexora_gql.ports.allowances import Allowance
from tests.adapters.allowances_contract import AllowancesContract, Shelf

LEVEL_AND_TIME = struct.Struct("<dd")


class MemoryShelf(Shelf):
    def __init__(self) -> None:
        self.now = 1_000.0
        self.allowances = InMemoryAllowances(clock=lambda: self.now)

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds


class RedisShelf(Shelf):
    """Redis's own clock cannot be set: what it remembers is made older instead."""

    def __init__(self, url: str) -> None:
        self.now = 1_000.0
        self.prefix = f"test-{uuid4()}"
        self.redis = Redis.from_url(url)
        self.allowances = RedisAllowances(url, prefix=self.prefix, clock=lambda: self.now)

    async def keys(self) -> list[bytes]:
        return [key async for key in self.redis.scan_iter(f"{self.prefix}:*")]

    async def pass_time_in_redis(self, seconds: float) -> None:
        for key in await self.keys():
            kept = await self.redis.get(key)
            assert kept is not None
            level, at = LEVEL_AND_TIME.unpack_from(kept)
            await self.redis.setrange(key, 0, LEVEL_AND_TIME.pack(level, at - seconds))

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds
        await self.pass_time_in_redis(seconds)

    async def aclose(self) -> None:
        await self.allowances.aclose()
        await self.redis.aclose()


class TestInMemoryAllowances(AllowancesContract):
    @pytest.fixture
    def shelf(self) -> Shelf:
        return MemoryShelf()


class TestRedisAllowances(AllowancesContract):
    @pytest.fixture
    async def shelf(self, patience: None, redis_url: str) -> AsyncIterator[Shelf]:
        shelf = RedisShelf(redis_url)
        yield shelf
        await shelf.aclose()


class TestAnAllowance:
    @pytest.mark.parametrize(
        ("name", "capacity", "per_second"), [("points", 0, 1.0), ("points", 1, 0.0), ("points", 1, -1.0), ("a:b", 1, 1)]
    )
    def test_that_cannot_work_cannot_be_made(self, name: str, capacity: int, per_second: float) -> None:
        with pytest.raises(ValueError, match="There can be no Allowance"):
            Allowance(name, capacity, per_second)
