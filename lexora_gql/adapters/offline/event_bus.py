"""Bells and live text within one process, for tests and for a server that stands alone."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from lexora_gql.adapters.bell_listener import BellListener
from lexora_gql.ports.event_bus import BusAway, LiveText


@dataclass(slots=True)
class _Text:
    text: str = ""
    is_finished: bool = False


class InMemoryEvents:
    """An EventBus whose outages are made by hand: see `go_away` and `come_back`."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[BellListener]] = defaultdict(set)
        self._texts: dict[tuple[UUID, UUID, UUID], _Text] = {}
        self._is_away = False
        self._is_closed = False

    def go_away(self) -> None:
        """Be as Redis is when it is killed: silent, once everybody has been woken, and forgetful."""
        self._is_away = True
        self._texts.clear()
        self._wake()

    def come_back(self) -> None:
        """Serve again, and wake everybody once."""
        self._is_away = False
        self._wake()

    def _wake(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.ring()

    async def ring(self, topic: str) -> None:
        """Wake all who listen."""
        if not self._is_away:
            for listener in self._listeners.get(topic, ()):
                listener.ring()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[AsyncIterator[None]]:
        """Hear the bells of a topic from the moment the context is entered."""
        listener = BellListener()
        if self._is_closed:
            listener.end()
        self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

    async def append_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int, text: str) -> None:
        """Add text that begins at `offset`; what is there already is not doubled.

        Raises:
            BusAway: The bus is away, or does not know what comes before `offset`.
        """
        self._require_presence()
        known = self._texts.get((owner_id, answer_id, lease), _Text())
        added = text[len(known.text) - offset :] if offset <= len(known.text) else None
        if added is None or (added and known.is_finished):
            message = f"Nothing is kept that ends at character {offset}."
            raise BusAway(message)
        self._texts[owner_id, answer_id, lease] = _Text(known.text + added, known.is_finished)
        if added:
            await self.ring(f"answer:{answer_id}")

    async def finish_text(self, owner_id: UUID, answer_id: UUID, lease: UUID) -> None:
        """Mark the text as ended and ring."""
        if known := self._texts.get((owner_id, answer_id, lease)):
            known.is_finished = True
        await self.ring(f"answer:{answer_id}")

    async def read_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int) -> LiveText | None:
        """Return the text from `offset` on; None where nothing is kept for this lease and owner.

        Raises:
            BusAway: The bus is away.
        """
        self._require_presence()
        known = self._texts.get((owner_id, answer_id, lease))
        return LiveText(offset, known.text[offset:], known.is_finished) if known else None

    @property
    def is_known_away(self) -> bool:
        """Whether the bus is away."""
        return self._is_away

    async def is_away(self) -> bool:
        """Return whether the bus is away."""
        return self._is_away

    async def aclose(self) -> None:
        """End every iteration of `listen`."""
        self._is_closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    def _require_presence(self) -> None:
        if self._is_away:
            raise BusAway
