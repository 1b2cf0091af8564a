"""The shared cache: the contract, in memory and on a Redis that is killed and started again."""

import asyncio
import signal
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.adapters.redis_shared_cache import RedisSharedCache
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.ports.shared_cache import SharedCache

PATIENCE_SECONDS = 10.0
LARGEST = b"\x00\xff" * 65_536


class Outage(ABC):
    """A cache that can be taken away and brought back."""

    cache: SharedCache

    @abstractmethod
    async def begin(self) -> None: ...

    @abstractmethod
    async def end(self) -> None: ...


class SharedCacheContract:
    async def test_what_was_put_is_found(self, cache: SharedCache) -> None:
        await cache.put("user:1", "key", b"\x00value\xff", ttl_seconds=60)
        await cache.put("user:1", "empty", b"", ttl_seconds=60)

        assert await cache.get("user:1", "key") == b"\x00value\xff"
        assert await cache.get("user:1", "empty") == b""
        assert await cache.get("user:1", "another") is None

    async def test_the_last_one_put_counts(self, cache: SharedCache) -> None:
        await cache.put("user:1", "key", b"old", ttl_seconds=60)
        await cache.put("user:1", "key", b"new", ttl_seconds=60)

        assert await cache.get("user:1", "key") == b"new"

    async def test_another_owner_finds_nothing_however_the_names_are_cut(self, cache: SharedCache) -> None:
        await cache.put("user:1", "a:b", b"secret", ttl_seconds=60)

        assert await cache.get("user:2", "a:b") is None
        assert await cache.get("user:1:a", "b") is None
        assert await cache.get("user", "1:a:b") is None

    async def test_what_is_too_large_is_not_kept(self, cache: SharedCache) -> None:
        await cache.put("user:1", "largest", LARGEST, ttl_seconds=60)
        await cache.put("user:1", "larger", LARGEST + b".", ttl_seconds=60)

        assert await cache.get("user:1", "largest") == LARGEST
        assert await cache.get("user:1", "larger") is None

    async def test_names_may_hold_anything(self, cache: SharedCache) -> None:
        await cache.put("user:\ud800", "\ud800 \n漢", b"value", ttl_seconds=60)

        assert await cache.get("user:\ud800", "\ud800 \n漢") == b"value"

    async def test_an_outage_is_a_cache_without_anything(self, outage: Outage) -> None:
        cache = outage.cache
        await cache.put("user:1", "key", b"value", ttl_seconds=60)
        await outage.begin()

        assert await cache.get("user:1", "key") is None
        await cache.put("user:1", "key", b"value", ttl_seconds=60)

        await outage.end()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await cache.get("user:1", "key") is None:
                await cache.put("user:1", "key", b"again", ttl_seconds=60)
                await asyncio.sleep(0.05)
        assert await cache.get("user:1", "key") == b"again"


class MemoryOutage(Outage):
    def __init__(self, cache: InMemorySharedCache) -> None:
        self.cache = self.memory = cache

    async def begin(self) -> None:
        self.memory.go_away()

    async def end(self) -> None:
        self.memory.come_back()


class TestInMemorySharedCache(SharedCacheContract):
    @pytest.fixture
    def cache(self) -> InMemorySharedCache:
        return InMemorySharedCache()

    @pytest.fixture
    def outage(self, cache: InMemorySharedCache) -> Outage:
        return MemoryOutage(cache)

    async def test_what_is_too_old_is_gone(self) -> None:
        now = 0.0
        cache = InMemorySharedCache(clock=lambda: now)
        await cache.put("user:1", "key", b"value", ttl_seconds=60)

        now = 59.9
        assert await cache.get("user:1", "key") == b"value"
        now = 60.0
        assert await cache.get("user:1", "key") is None


class RedisOutage(Outage):
    def __init__(self, cache: RedisSharedCache, server: EmbeddedRedis) -> None:
        self.cache = cache
        self.server = server

    async def begin(self) -> None:
        assert self.server.child is not None
        self.server.child.process.send_signal(signal.SIGKILL)
        await self.server.child.process.wait()

    async def end(self) -> None:
        await self.server.start()


class TestRedisSharedCache(SharedCacheContract):
    @pytest.fixture
    def prefix(self) -> str:
        return f"test-{uuid4()}"

    @pytest.fixture
    async def cache(self, patience: None, redis_url: str, prefix: str) -> AsyncIterator[RedisSharedCache]:
        cache = RedisSharedCache(redis_url, prefix=prefix)
        yield cache
        await cache.aclose()

    @pytest.fixture
    async def outage(self, own_redis: EmbeddedRedis) -> AsyncIterator[Outage]:
        cache = RedisSharedCache(own_redis.url)
        yield RedisOutage(cache, own_redis)
        await cache.aclose()

    async def test_what_is_kept_goes_in_time_and_names_its_owner(
        self, cache: RedisSharedCache, redis_url: str, prefix: str
    ) -> None:
        redis = Redis.from_url(redis_url)
        await cache.put("user:1", "key", b"value", ttl_seconds=60)
        await redis.copy(f"{prefix}:cache:user:1:key", f"{prefix}:cache:user:2:key")

        assert 59_000 < await redis.pttl(f"{prefix}:cache:user:1:key") <= 60_000
        assert await cache.get("user:2", "key") is None
        await redis.aclose()

    async def test_what_is_no_value_is_none(self, cache: RedisSharedCache, redis_url: str, prefix: str) -> None:
        redis = Redis.from_url(redis_url)
        await redis.set(f"{prefix}:cache:user:1:key", b"\x06")

        assert await cache.get("user:1", "key") is None
        await redis.aclose()

    async def test_servers_share_it(self, cache: RedisSharedCache, redis_url: str, prefix: str) -> None:
        other = RedisSharedCache(redis_url, prefix=prefix)
        await cache.put("user:1", "key", b"value", ttl_seconds=60)

        assert await other.get("user:1", "key") == b"value"
        await other.aclose()
