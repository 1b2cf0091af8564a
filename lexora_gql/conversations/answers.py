"""An answer while it is being written: its text goes to the live bus as it comes, and to PostgreSQL every second."""

import asyncio
import math
import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.errors import ProducerLost
from lexora_gql.conversations.leases import LEASE_SECONDS, RENEWAL_SECONDS, AnswerLease, renew
from lexora_gql.conversations.pacing import Pace
from lexora_gql.ports.event_bus import BusAway, EventBus, heard
from lexora_gql.storage.database import Database, DatabaseAway

CHECKPOINT_SECONDS = 1.0
BUS_RETRY_SECONDS = 0.5
# Who stops an answer has rung before anybody listened when it is that young. It need not be looked for before the model
# is asked, which it would delay; and whatever is written about the answer meanwhile says it as well.
FIRST_LOOK_SECONDS = 0.3
LISTENING_SECONDS = 60.0

log = structlog.get_logger(__name__)


def answer_topic(answer_id: UUID) -> str:
    """Return the bell that rings when an answer has more to read."""
    return f"answer:{answer_id}"


def stop_topic(answer_id: UUID) -> str:
    """Return the bell that rings when somebody wants an answer stopped."""
    return f"stop:{answer_id}"


@dataclass(slots=True)
class LiveAnswer:
    """The text of one answer, told to the world from a task of its own, so that the model is never kept waiting.

    Attributes:
        pace: How often it is told.
        text: All of it so far; only ever grows.
        is_stopped: Set when somebody wants the answer stopped.
        is_lost: Set when the lease is over: what is written from then on is refused.
    """

    database: Database
    bus: EventBus
    viewer: Viewer
    lease: AnswerLease
    pace: Pace = field(default_factory=Pace)
    text: str = ""
    is_stopped: asyncio.Event = field(default_factory=asyncio.Event)
    is_lost: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _told: int = 0
    _stored: int = 0
    _looked_at: float = -math.inf

    def add(self, text: str) -> None:
        """Let the text grow."""
        if text:
            self.text += text
            self._news.set()

    async def tell(self) -> None:
        """Bring the text to the bus as it grows, the first piece at once; until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            if not await self._tell_once():
                await asyncio.sleep(BUS_RETRY_SECONDS)
                # The bus may have forgotten everything; what it still has it will not take twice.
                self._told = 0
                self._news.set()
            else:
                await self.pace.pause()

    async def tell_the_rest(self) -> None:
        """Bring what is missing to the bus, if it is there."""
        if not await self._tell_once():
            self._told = 0
            await self._tell_once()

    async def checkpoint(self) -> None:
        """Bring the text to PostgreSQL every second and keep the lease; until cancelled, stopped or lost."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            is_due = time.monotonic() - renewed >= RENEWAL_SECONDS
            if not is_due and self._stored == len(self.text):
                continue
            try:
                await self._store()
                renewed = time.monotonic()
            except ProducerLost:
                self.is_lost.set()
                return
            except DatabaseAway:
                # Others take the answer for lost by then, and they are right.
                if time.monotonic() - renewed > LEASE_SECONDS:
                    self.is_lost.set()
                    return

    async def listen_for_stop(self) -> None:
        """Hear at once when somebody wants the answer stopped; until cancelled."""
        async with self.bus.listen(stop_topic(self.lease.answer_id)) as bells:
            listening_since, patience = time.monotonic(), FIRST_LOOK_SECONDS
            while True:
                # A ring is a hint; PostgreSQL says whether it is so.
                if await heard(bells, within_seconds=patience) or self._looked_at < listening_since:
                    await self._renew()
                patience = LISTENING_SECONDS

    def look(self, begun_at: float, *, is_stop_wanted: bool) -> None:
        """Take note of what the row said when it was asked at `begun_at` or later."""
        self._looked_at = max(self._looked_at, begun_at)
        if is_stop_wanted:
            self.is_stopped.set()

    async def _store(self) -> None:
        text, begun_at = self.text, time.monotonic()
        news = text if len(text) > self._stored else None
        is_stop_wanted = await renew(self.database, self.viewer, self.lease, news)
        self._stored = len(text)
        self.look(begun_at, is_stop_wanted=is_stop_wanted)

    async def _renew(self) -> None:
        begun_at = time.monotonic()
        try:
            is_stop_wanted = await renew(self.database, self.viewer, self.lease)
            self.look(begun_at, is_stop_wanted=is_stop_wanted)
        except ProducerLost:
            self.is_lost.set()
        except DatabaseAway:
            # The next checkpoint finds out how long for.
            return

    async def _tell_once(self) -> bool:
        text = self.text
        if len(text) == self._told:
            return True
        try:
            await self.bus.append_text(
                self.viewer.user_id,
                self.lease.answer_id,
                self.lease.token,
                offset=self._told,
                text=text[self._told :],
            )
        except BusAway:
            return False
        self._told = len(text)
        return True
