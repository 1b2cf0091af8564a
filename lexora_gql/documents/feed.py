"""Watching documents change."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from collections.abc import Collection as Ids
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.changes import feed_topic
from lexora_gql.documents.models import Document, DocumentStatus, Feed, FeedEntry
from lexora_gql.errors import InvalidInput
from lexora_gql.ports.event_bus import EventBus, heard
from lexora_gql.storage.database import Database

BATCH = 200
WATCHED_MAX = 1_000
# Between two looks: changes of a document in the meantime become one, so a subscriber gets at most four a second.
PAUSE_SECONDS = 0.25
# The bell is a convenience: a look now and then makes good a lost ring, and a frequent one its absence.
LOOK_WHILE_AWAY_SECONDS = 2.0
LOOKS = 15
NOWHERE = (-1, UUID(int=0))


@dataclass(frozen=True, slots=True)
class Change:
    """A document's newest state, or that it is gone.

    Attributes:
        number: The place in the viewer's feed: whoever goes on after it misses nothing.
        document: None once it was deleted, or is no longer shared with the viewer.
    """

    number: int
    document_id: UUID
    document: Document | None


@dataclass(frozen=True, slots=True)
class DocumentFeed:
    """The documents a viewer may read, as they change."""

    database: Database
    bus: EventBus

    async def position(self, viewer: Viewer) -> int:
        """Return the number of the newest change in the viewer's feed."""
        async with self.database.transaction(viewer) as session:
            number = await session.scalar(select(Feed.number).where(Feed.user_id == viewer.user_id))
            return number or 0

    async def changes(
        self, viewer: Viewer, *, document_ids: Sequence[UUID] | None, after: int | None
    ) -> AsyncIterator[Change]:
        """Yield what happened after a number; without one, first the present state.

        The present state is that of `document_ids`, or else of what is not finished yet. Never ends by itself.

        Raises:
            InvalidInput: More than 1,000 documents are named.
        """
        if document_ids is not None and len(document_ids) > WATCHED_MAX:
            message = f"`documentIds` has {len(document_ids)} ids; at most {WATCHED_MAX} are allowed."
            raise InvalidInput(message, path=("documentIds",))
        watched = frozenset(document_ids) if document_ids is not None else None
        async with self.bus.listen(feed_topic(viewer.user_id)) as bells:
            position = after
            if position is None:
                # The number before the rows: what changes in between is told afterwards.
                position = await self.position(viewer)
                place = NOWHERE
                while present := await self._present(viewer, watched, after=place, up_to=position):
                    for change in present:
                        yield change
                    place = (present[-1].number, present[-1].document_id)
            while True:
                changes = await self._after(viewer, position, watched)
                for change in changes:
                    yield change
                if changes:
                    position = changes[-1].number
                # Who was away for long is told all of it at once: each document comes up once.
                if 0 < len(changes) < BATCH:
                    await asyncio.sleep(PAUSE_SECONDS)
                elif not changes:
                    await self._wait(bells)

    async def _wait(self, bells: AsyncIterator[None]) -> None:
        """Wait for the bell, or until it is time to look without one; a bus that goes away meanwhile is noticed."""
        for _ in range(LOOKS):
            is_away = await self.bus.is_away()
            if await heard(bells, within_seconds=LOOK_WHILE_AWAY_SECONDS) or is_away:
                return

    async def _present(
        self, viewer: Viewer, watched: Ids[UUID] | None, *, after: tuple[int, UUID], up_to: int
    ) -> list[Change]:
        """Return the next part of the present state, each document with the number of its newest change.

        So any of these numbers is a cursor: whoever goes on after it is told the rest, and nothing is left out.
        """
        number = func.coalesce(FeedEntry.number, 0)
        place = tuple_(number, Document.id)
        query = (
            select(number, Document)
            .outerjoin(FeedEntry, and_(FeedEntry.document_id == Document.id, FeedEntry.user_id == viewer.user_id))
            .where(number <= up_to, place > after)
            .order_by(number, Document.id)
        )
        async with self.database.transaction(viewer) as session:
            if watched is None:
                unfinished = Document.status.in_([DocumentStatus.PENDING, DocumentStatus.PROCESSING])
                rows = await session.execute(query.where(unfinished).limit(BATCH))
                return [Change(number, document.id, document) for number, document in rows]
            rows = await session.execute(query.where(Document.id.in_(watched)))
            present = [Change(number, document.id, document) for number, document in rows]
            gone = await session.execute(_tombstones(viewer, watched, after=after, up_to=up_to))
            present += [Change(entry.number, entry.document_id, None) for entry in gone]
            return sorted(present, key=lambda change: (change.number, change.document_id))

    async def _after(self, viewer: Viewer, position: int, watched: Ids[UUID] | None) -> list[Change]:
        query = (
            select(FeedEntry, Document)
            .outerjoin(Document, Document.id == FeedEntry.document_id)
            .where(FeedEntry.user_id == viewer.user_id, FeedEntry.number > position)
            .order_by(FeedEntry.number)
            .limit(BATCH)
        )
        if watched is not None:
            query = query.where(FeedEntry.document_id.in_(watched))
        async with self.database.transaction(viewer) as session:
            rows = (await session.execute(query)).all()
        return [Change(entry.number, entry.document_id, None if entry.is_deleted else row) for entry, row in rows]


def _tombstones(viewer: Viewer, watched: Ids[UUID], *, after: tuple[int, UUID], up_to: int) -> Select[int, UUID]:
    return select(FeedEntry.number, FeedEntry.document_id).where(
        FeedEntry.user_id == viewer.user_id,
        FeedEntry.document_id.in_(watched),
        FeedEntry.is_deleted,
        FeedEntry.number <= up_to,
        tuple_(FeedEntry.number, FeedEntry.document_id) > after,
    )
