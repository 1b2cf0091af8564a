"""Bells between processes and the live text of answers, on Redis."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from redis.asyncio import Redis

from lexora_gql.adapters.redis_connections import Circuit, RedisAway, bounded_pool
from lexora_gql.adapters.redis_events import live_text
from lexora_gql.adapters.redis_events.bells import Bells
from lexora_gql.adapters.redis_events.owed_rings import OwedRings
from lexora_gql.ports.event_bus import BusAway, LiveText

CONNECTIONS = 64
"""As many answers can speak at once without waiting for each other; a wait that is too long looks like a lost Redis."""


class RedisEvents:
    """An EventBus of which every server sees the same.

    A call costs less than a second when Redis is away, and nothing for a second after one has failed.
    """

    def __init__(self, url: str, *, prefix: str = "lexora", connections: int = CONNECTIONS) -> None:
        """Prepare; nothing is connected before it is needed.

        Args:
            url: redis://, rediss:// or unix://.
            prefix: Before every key and channel, so that several installations can share a Redis.
            connections: At most, beside the one that hears bells.
        """
        self._prefix = prefix
        self._pool = bounded_pool(url, connections=connections)
        self._redis = Redis(connection_pool=self._pool)
        self._circuit = Circuit()
        self._bells = Bells(self._pool, name=f"{prefix}:bells")
        self._owed = OwedRings(self._publish)
        self._append = self._redis.register_script(live_text.APPEND_SCRIPT)
        self._finish = self._redis.register_script(live_text.FINISH_SCRIPT)

    async def ring(self, topic: str) -> None:
        """Wake all who listen, on every server. Never raises."""
        channel = self._channel(topic)
        try:
            async with self._circuit.call():
                await self._redis.publish(channel, b"")
        except RedisAway:
            self._owed.add(channel)

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        """Hear the bells of a topic; see the port."""
        return self._bells.listen(self._channel(topic))

    async def append_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int, text: str) -> None:
        """Add text that begins at `offset`; what is there already is not doubled.

        Raises:
            BusAway: It was not kept: Redis is away, or has forgotten what comes before `offset`.
        """
        key = live_text.key_of(self._prefix, owner_id, answer_id, lease)
        channel = self._channel(f"answer:{answer_id}")
        lifetime = live_text.KEPT_WHILE_WRITING_SECONDS * 1_000
        arguments: list[bytes | str | int] = [owner_id.bytes, offset, live_text.encode(text), channel, lifetime]
        try:
            async with self._circuit.call():
                outcome = await self._append(keys=[key], args=arguments)
        except RedisAway as error:
            raise BusAway from error
        if outcome != live_text.KEPT:
            message = f"Nothing is kept that ends at character {offset}."
            raise BusAway(message)

    async def finish_text(self, owner_id: UUID, answer_id: UUID, lease: UUID) -> None:
        """Mark the text as ended and ring. Never raises."""
        key = live_text.key_of(self._prefix, owner_id, answer_id, lease)
        channel = self._channel(f"answer:{answer_id}")
        lifetime = live_text.KEPT_WHEN_FINISHED_SECONDS * 1_000
        try:
            async with self._circuit.call():
                await self._finish(keys=[key], args=[owner_id.bytes, channel, lifetime])
        except RedisAway:
            self._owed.add(channel)

    async def read_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int) -> LiveText | None:
        """Return the text from `offset` on; None where nothing is kept for this lease and owner.

        Raises:
            BusAway: It cannot be read.
        """
        key = live_text.key_of(self._prefix, owner_id, answer_id, lease)
        try:
            async with self._circuit.call(), self._redis.pipeline(transaction=False) as pipe:
                # The header first: a text that has ended by then is whole in the second reply.
                pipe.getrange(key, 0, live_text.HEADER_BYTES - 1)
                pipe.getrange(key, live_text.first_byte(offset), -1)
                header, rest = await pipe.execute()
        except RedisAway as error:
            raise BusAway from error
        return live_text.decode(owner_id, offset, header, rest)

    async def is_away(self) -> bool:
        """Return whether bells and live text cannot be had for the moment."""
        try:
            async with self._circuit.call():
                await self._redis.ping()
        except RedisAway:
            return True
        return self._bells.is_away

    async def aclose(self) -> None:
        """Close the connections; every iteration of `listen` ends."""
        await self._owed.aclose()
        await self._bells.aclose()
        await self._redis.aclose()
        await self._pool.aclose()

    async def _publish(self, channels: Sequence[str]) -> None:
        async with self._circuit.call(), self._redis.pipeline(transaction=False) as pipe:
            for channel in channels:
                pipe.publish(channel, b"")
            await pipe.execute()

    def _channel(self, topic: str) -> str:
        return f"{self._prefix}:{topic}"
