"""Small values that servers share, on Redis."""

import struct
from contextlib import suppress

from redis.asyncio import Redis

from lexora_gql.adapters.redis_connections import Circuit, RedisAway, bounded_pool
from lexora_gql.ports.shared_cache import VALUE_BYTES_MAX

CONNECTIONS = 8
OWNER_LENGTH = struct.Struct("<H")


class RedisSharedCache:
    """A SharedCache of which every server sees the same.

    A value carries its owner: what somebody else's key leads to is not his, whatever the key looks like.
    """

    def __init__(self, url: str, *, prefix: str = "lexora", connections: int = CONNECTIONS) -> None:
        """Prepare; nothing is connected before it is needed.

        Args:
            url: redis://, rediss:// or unix://.
            prefix: Before every key, so that several installations can share a Redis.
            connections: At most.
        """
        self._prefix = prefix
        self._redis = Redis(connection_pool=bounded_pool(url, connections=connections))
        self._circuit = Circuit()

    async def get(self, owner: str, key: str) -> bytes | None:
        """Return what was put, or None if it is gone or Redis is away."""
        try:
            async with self._circuit.call():
                kept: bytes | None = await self._redis.get(self._key(owner, key))
        except RedisAway:
            return None
        header = _header(owner)
        return kept[len(header) :] if kept is not None and kept.startswith(header) else None

    async def put(self, owner: str, key: str, value: bytes, *, ttl_seconds: int) -> None:
        """Keep a value for some time, unless it is too large or Redis is away."""
        if len(value) > VALUE_BYTES_MAX:
            return
        with suppress(RedisAway):
            async with self._circuit.call():
                await self._redis.set(self._key(owner, key), _header(owner) + value, ex=ttl_seconds)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.aclose()

    def _key(self, owner: str, key: str) -> bytes:
        return f"{self._prefix}:cache:{owner}:{key}".encode("utf-8", "surrogatepass")


def _header(owner: str) -> bytes:
    name = owner.encode("utf-8", "surrogatepass")
    return OWNER_LENGTH.pack(len(name)) + name
