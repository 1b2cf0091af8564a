"""Hearing the bells of every topic of a process on one connection."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from redis.asyncio import Connection, ConnectionPool

from lexora_gql.adapters.bell_listener import BellListener
from lexora_gql.adapters.redis_connections import AWAY, CALL_SECONDS

RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5)
"""Waits between attempts to connect; the last one repeats."""

SILENCE_SECONDS = 1.0
"""After so much silence the server is asked for a sign of life; after as much again it counts as lost."""


@dataclass(slots=True)
class _Topic:
    listeners: set[BellListener] = field(default_factory=set)
    is_heard: bool = False
    # Set once the server has confirmed the subscription, or the connection is known to be lost.
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self) -> None:
        self.is_heard = True
        self.settled.set()
        for listener in self.listeners:
            if listener.is_owed:
                listener.is_owed = False
                listener.ring()

    def lost(self, *, is_news: bool) -> None:
        self.is_heard = False
        self.settled.set()
        for listener in self.listeners:
            listener.is_owed = True
            if is_news:
                # What Redis would have said is in PostgreSQL too, and nobody should wait out their patience to look.
                listener.ring()


class Bells:
    """Subscribes to what somebody listens to, reconnects for ever, and tells nobody lies about what was missed.

    Who listens is woken when the server is lost, and again when it is back.
    """

    def __init__(self, pool: ConnectionPool, *, name: str) -> None:
        """Prepare; nothing is connected before somebody listens.

        Args:
            pool: Makes the connection, which does not count among its own.
            name: Of the connection, as CLIENT LIST shows it.
        """
        self._pool = pool
        self._name = name
        self._topics: dict[str, _Topic] = {}
        self._changed: set[str] = set()
        self._has_changed = asyncio.Event()
        self._subscribed: set[str] = set()
        self._unconfirmed: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False
        self.is_away = False

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[AsyncIterator[None]]:
        """Hear a topic from the moment the context is entered, or from when Redis is back."""
        listener = BellListener()
        if self._is_closed:
            listener.end()
        kept = self._topics.setdefault(topic, _Topic())
        kept.listeners.add(listener)
        try:
            if not kept.is_heard and not self._is_closed:
                await self._subscribe(topic, kept)
                listener.is_owed = not kept.is_heard
            yield listener
        finally:
            kept.listeners.discard(listener)
            self._touch(topic)

    async def aclose(self) -> None:
        """End every iteration and close the connection."""
        self._is_closed = True
        for topic in self._topics.values():
            for listener in topic.listeners:
                listener.end()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _subscribe(self, topic: str, kept: _Topic) -> None:
        # A message published before the server has confirmed would be missed, so the caller waits for that; but not
        # for a server that is away.
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="bells")
        self._touch(topic)
        if self.is_away:
            return
        kept.settled.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(CALL_SECONDS):
                await kept.settled.wait()

    def _touch(self, topic: str) -> None:
        self._changed.add(topic)
        self._has_changed.set()
        kept = self._topics.get(topic)
        if self.is_away and kept and not kept.listeners:
            del self._topics[topic]

    async def _run(self) -> None:
        failures = 0
        while True:
            connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py's gap
            connection.client_name = self._name
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await connection.connect()  # type: ignore[no-untyped-call]  # redis-py's gap
                failures = 0
                self._begin()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._read(connection))
                    group.create_task(self._write(connection))
            except* AWAY:
                pass
            finally:
                self._lose()
                await connection.disconnect(nowait=True)
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1

    def _begin(self) -> None:
        self.is_away = False
        self._subscribed.clear()
        self._unconfirmed.clear()
        self._changed = set(self._topics)
        self._has_changed.set()

    def _lose(self) -> None:
        # Not at each failed attempt to come back.
        is_news = not self.is_away
        self.is_away = True
        for name, topic in list(self._topics.items()):
            topic.lost(is_news=is_news)
            if not topic.listeners:
                del self._topics[name]

    async def _write(self, connection: Connection) -> None:
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            changed, self._changed = self._changed, set()
            known = self._topics
            dropped = [name for name in changed if name in known and not known[name].listeners]
            added = [name for name in changed if name in known and known[name].listeners]
            added = [name for name in added if name not in self._subscribed]
            for name in dropped:
                del known[name]
            if gone := [name for name in dropped if name in self._subscribed]:
                self._subscribed.difference_update(gone)
                await connection.send_command("UNSUBSCRIBE", *gone)
            if added:
                self._subscribed.update(added)
                self._unconfirmed.update(added)
                await connection.send_command("SUBSCRIBE", *added)

    async def _read(self, connection: Connection) -> None:
        is_asked = False
        while True:
            reply = await connection.read_response(timeout=SILENCE_SECONDS, disconnect_on_error=False)
            if reply is not None:
                is_asked = False
                self._hear(reply)
            elif is_asked:
                raise TimeoutError
            else:
                is_asked = True
                await connection.send_command("PING")

    def _hear(self, reply: object) -> None:
        match reply:
            case [b"message", bytes() as channel, _]:
                if topic := self._topics.get(channel.decode()):
                    for listener in topic.listeners:
                        listener.ring()
            case [b"subscribe", bytes() as channel, _]:
                name = channel.decode()
                self._unconfirmed[name] -= 1
                # Subscribed, dropped, subscribed again: only the last confirmation is of what lasts.
                if self._unconfirmed[name] <= 0:
                    del self._unconfirmed[name]
                    if name in self._subscribed and name in self._topics:
                        self._topics[name].heard()
            case _:
                pass
