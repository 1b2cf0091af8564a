"""Watching an answer: a view of its state from any place in it, on any server, while it is written and ever after."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.answers import answer_topic
from lexora_gql.conversations.models import Message, MessageRole, MessageStatus
from lexora_gql.conversations.pacing import Pace
from lexora_gql.errors import NotFound
from lexora_gql.ports.event_bus import BusAway, EventBus, LiveText, heard
from lexora_gql.storage.database import Database
from lexora_gql.storage.entities import Entities

LOOK_SECONDS = 5.0
QUIET_SECONDS = 0.5
LOOK_WHILE_AWAY_SECONDS = 2.0

_MESSAGES = Entities(Message)
_MESSAGE = f"SELECT {', '.join(_MESSAGES.columns)} FROM lexora_message($1, $2)"  # noqa: S608  # names of columns


class AnswerPlace(StrEnum):
    """How far a watcher has come."""

    SOURCES = "sources"
    TEXT = "text"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class AnswerPosition:
    """A place in an answer: what a cursor means.

    Attributes:
        offset: Code points of the text that are known.
    """

    place: AnswerPlace
    offset: int = 0


@dataclass(frozen=True, slots=True)
class AnswerSourcesEvent:
    """What the answer will be based on."""

    position: AnswerPosition
    message: Message


@dataclass(frozen=True, slots=True)
class AnswerTextEvent:
    """Text that begins where the text so far ends."""

    position: AnswerPosition
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class AnswerFinishedEvent:
    """The end, whatever the outcome."""

    position: AnswerPosition
    message: Message


AnswerEvent = AnswerSourcesEvent | AnswerTextEvent | AnswerFinishedEvent


@dataclass(slots=True)
class _Watch:
    """How far one watcher has come."""

    offset: int = 0
    knows_sources: bool = False


@dataclass(frozen=True, slots=True)
class AnswerFeed:
    """Answers as they are written."""

    database: Database
    bus: EventBus
    pace: Pace = field(default_factory=Pace)

    async def events(
        self, viewer: Viewer, message_id: UUID, *, after: AnswerPosition | None
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Yield an answer's events after a position, exactly once each and in order; ends after AnswerFinishedEvent.

        Raises:
            NotFound: There is no such answer of the viewer's.
        """
        if after is not None and after.place is AnswerPlace.FINISHED:
            await self._load(viewer, message_id)
            return
        watch = _Watch() if after is None else _Watch(after.offset, knows_sources=True)
        async with self.bus.listen(answer_topic(message_id)) as bells:
            while True:
                message = await self._load(viewer, message_id)
                if not watch.knows_sources and message.query is not None:
                    watch.knows_sources = True
                    yield AnswerSourcesEvent(AnswerPosition(AnswerPlace.SOURCES), message)
                if message.status is not MessageStatus.GENERATING:
                    if event := _rest(watch, message.content, is_last=True):
                        yield event
                    position = AnswerPosition(AnswerPlace.FINISHED, len(message.content))
                    yield AnswerFinishedEvent(position, message)
                    return
                if watch.knows_sources:
                    async with aclosing(self._live(viewer, message, watch, bells)) as texts:
                        async for event in texts:
                            yield event
                else:
                    await heard(bells, within_seconds=self._patience)

    async def _live(
        self, viewer: Viewer, message: Message, watch: _Watch, bells: AsyncIterator[None]
    ) -> AsyncGenerator[AnswerTextEvent, None]:
        """Yield text from the bus, bell by bell, until it is time to look at PostgreSQL again."""
        is_fresh, was_rung = True, False
        while True:
            live = await self._read(viewer, message, watch.offset)
            if live is None and not is_fresh:
                # It had something before: PostgreSQL may know more by now than when it was asked.
                return
            is_fresh = False
            if live is None:
                # The bus has nothing: what was checkpointed is all there is to see for now.
                if event := _rest(watch, message.content):
                    yield event
                await heard(bells, within_seconds=self._patience)
                return
            if live.text:
                was_rung = False
                watch.offset = live.offset + len(live.text)
                yield AnswerTextEvent(AnswerPosition(AnswerPlace.TEXT, watch.offset), live.offset, live.text)
            if live.is_finished:
                return
            if live.text:
                # Slow readers come back later and get a longer piece; what was rung meanwhile is heard.
                await self.pace.pause()
            # A ring that brought nothing may be of text that is known already, or of an end that the bus missed.
            if not await heard(bells, within_seconds=QUIET_SECONDS if was_rung else self._patience):
                return
            was_rung = True

    async def _read(self, viewer: Viewer, message: Message, offset: int) -> LiveText | None:
        if message.lease_token is None:
            return None
        try:
            return await self.bus.read_text(viewer.user_id, message.id, message.lease_token, offset=offset)
        except BusAway:
            return None

    @property
    def _patience(self) -> float:
        return LOOK_WHILE_AWAY_SECONDS if self.bus.is_known_away else LOOK_SECONDS

    async def _load(self, viewer: Viewer, message_id: UUID) -> Message:
        message = await looked_up(self.database, viewer, message_id)
        if message is None or message.role is not MessageRole.ASSISTANT:
            message_text = "There is no such answer."
            raise NotFound(message_text, path=("messageId",))
        return message


async def looked_up(database: Database, viewer: Viewer, message_id: UUID) -> Message | None:
    """Return a message of the viewer's, in one message to PostgreSQL: each watcher asks for it several times.

    Raises:
        DatabaseAway: PostgreSQL does not answer.
    """
    rows = await database.rows(viewer, _MESSAGE, message_id)
    return _MESSAGES.made(tuple(rows[0])) if rows else None


def _rest(watch: _Watch, content: str, *, is_last: bool = False) -> AnswerTextEvent | None:
    """Return the text that a watcher does not know yet.

    Where server and Redis were lost together, the text that was kept may end before what was shown: the event then
    says where to cut, with nothing to add.
    """
    offset = watch.offset
    if len(content) > offset or (is_last and len(content) < offset):
        start = min(offset, len(content))
        watch.offset = len(content)
        return AnswerTextEvent(AnswerPosition(AnswerPlace.TEXT, len(content)), start, content[start:])
    return None
