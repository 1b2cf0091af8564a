"""Small values that servers share, on Redis."""

import struct
from contextlib import suppress

from lexora_gql.adapters.redis_calls import RedisCalls
from lexora_gql.adapters.redis_connections import RedisAway
from lexora_gql.ports.shared_cache import VALUE_BYTES_MAX

OWNER_LENGTH = struct.Struct("<H")


class RedisSharedCache:
    """A SharedCache of which every server sees the same.

    A value carries its owner: what somebody else's key leads to is not his, whatever the key looks like.
    """

    def __init__(self, url: str, *, prefix: str = "lexora") -> None:
        """Prepare; nothing is connected before it is needed.

        Args:
            url: redis://, rediss:// or unix://.
            prefix: Before every key, so that several installations can share a Redis.
        """
        self._prefix = prefix
        self._calls = RedisCalls(url)

    async def get(self, owner: str, key: str) -> bytes | None:
        """Return what was put, or None if it is gone or Redis is away."""
        try:
            [kept] = await self._calls.call(("GET", self._key(owner, key)))
        except RedisAway:
            return None
        header = _header(owner)
        return bytes(kept[len(header) :]) if kept is not None and kept.startswith(header) else None

    async def put(self, owner: str, key: str, value: bytes, *, ttl_seconds: int) -> None:
        """Keep a value for some time, unless it is too large or Redis is away."""
        if len(value) > VALUE_BYTES_MAX:
            return
        with suppress(RedisAway):
            await self._calls.call(("SET", self._key(owner, key), _header(owner) + value, "EX", ttl_seconds))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._calls.aclose()

    def _key(self, owner: str, key: str) -> bytes:
        return f"{self._prefix}:cache:{owner}:{key}".encode("utf-8", "surrogatepass")


def _header(owner: str) -> bytes:
    name = owner.encode("utf-8", "surrogatepass")
    return OWNER_LENGTH.pack(len(name)) + name
