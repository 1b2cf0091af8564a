"""Bells between processes and the live text of answers, on Redis."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from lexora_gql.adapters.redis_calls import RedisCalls
from lexora_gql.adapters.redis_connections import RedisAway
from lexora_gql.adapters.redis_events import live_text
from lexora_gql.adapters.redis_events.bells import Bells
from lexora_gql.adapters.redis_events.owed_rings import OwedRings
from lexora_gql.ports.event_bus import BusAway, LiveText


class RedisEvents:
    """An EventBus of which every server sees the same.

    A call costs less than a second when Redis is away, and nothing for a second after one has failed.
    """

    def __init__(self, url: str, *, prefix: str = "lexora") -> None:
        """Prepare; nothing is connected before it is needed.

        Args:
            url: redis://, rediss:// or unix://.
            prefix: Before every key and channel, so that several installations can share a Redis.
        """
        self._prefix = prefix
        self._calls = RedisCalls(url)
        self._bells = Bells(self._calls.pool, name=f"{prefix}:bells")
        self._owed = OwedRings(self._publish)

    async def ring(self, topic: str) -> None:
        """Wake all who listen, on every server. Never raises."""
        channel = self._channel(topic)
        try:
            await self._calls.call(("PUBLISH", channel, b""))
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
            outcome = await self._calls.run_script(live_text.APPEND_SCRIPT, [key], arguments)
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
            await self._calls.run_script(live_text.FINISH_SCRIPT, [key], [owner_id.bytes, channel, lifetime])
        except RedisAway:
            self._owed.add(channel)

    async def read_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int) -> LiveText | None:
        """Return the text from `offset` on; None where nothing is kept for this lease and owner.

        Raises:
            BusAway: It cannot be read.
        """
        key = live_text.key_of(self._prefix, owner_id, answer_id, lease)
        try:
            # The header first: a text that has ended by then is whole in the second reply.
            header, rest = await self._calls.call(
                ("GETRANGE", key, 0, live_text.HEADER_BYTES - 1),
                ("GETRANGE", key, live_text.first_byte(offset), -1),
            )
        except RedisAway as error:
            raise BusAway from error
        return live_text.decode(owner_id, offset, header, rest)

    @property
    def is_known_away(self) -> bool:
        """Whether the bells' connection is lost, or a call failed a moment ago."""
        return self._bells.is_away or self._calls.is_paused

    async def is_away(self) -> bool:
        """Ask whether bells and live text cannot be had for the moment."""
        try:
            await self._calls.call(("PING",))
        except RedisAway:
            return True
        return self._bells.is_away

    async def aclose(self) -> None:
        """Close the connections; every iteration of `listen` ends."""
        await self._owed.aclose()
        await self._bells.aclose()
        await self._calls.aclose()

    async def _publish(self, channels: Sequence[str]) -> None:
        await self._calls.call(*(("PUBLISH", channel, b"") for channel in channels))

    def _channel(self, topic: str) -> str:
        return f"{self._prefix}:{topic}"
