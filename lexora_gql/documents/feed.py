"""Watching documents change."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from collections.abc import Collection as Ids
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

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
LOOK_SECONDS = 30.0
LOOK_WHILE_AWAY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Change:
    """A document's newest state, or that it is gone.

    Attributes:
        number: The place in the viewer's feed: everything up to it has been told.
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
            if after is None:
                position, present = await self._present(viewer, watched)
                for document in present:
                    yield Change(position, document.id, document)
            else:
                position = after
            while True:
                seen, changes = await self._after(viewer, position, watched)
                for change in changes:
                    yield change
                if seen == position:
                    is_away = await self.bus.is_away()
                    await heard(bells, within_seconds=LOOK_WHILE_AWAY_SECONDS if is_away else LOOK_SECONDS)
                else:
                    position = seen
                    await asyncio.sleep(PAUSE_SECONDS)

    async def _present(self, viewer: Viewer, watched: Ids[UUID] | None) -> tuple[int, list[Document]]:
        if watched is None:
            which = Document.status.in_([DocumentStatus.PENDING, DocumentStatus.PROCESSING])
        else:
            which = Document.id.in_(watched)
        async with self.database.transaction(viewer) as session:
            # The number before the rows: what changes in between is told twice rather than never.
            number = await session.scalar(select(Feed.number).where(Feed.user_id == viewer.user_id))
            rows = await session.scalars(select(Document).where(which).order_by(Document.created_at, Document.id))
            return number or 0, list(rows.all())

    async def _after(self, viewer: Viewer, position: int, watched: Ids[UUID] | None) -> tuple[int, list[Change]]:
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
        changes = [Change(entry.number, entry.document_id, None if entry.is_deleted else row) for entry, row in rows]
        return (changes[-1].number if changes else position), changes
