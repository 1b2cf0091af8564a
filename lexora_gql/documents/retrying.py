"""Starting again what failed and is worth it, many documents at once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.changes import Publication
from lexora_gql.documents.leases import queued_anew
from lexora_gql.documents.models import Document, DocumentStatus
from lexora_gql.documents.repository import may_write
from lexora_gql.errors import NotFound
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.storage.database import Database
from lexora_gql.telemetry.logs import request_id

# Their readers' feeds are locked until the commit, and nobody should wait for a hundred thousand.
BATCH = 500

WORTH_IT = (Document.status == DocumentStatus.FAILED, Document.failure_is_retryable.is_(True))


async def start_failed_again(database: Database, bus: EventBus, viewer: Viewer, collection_id: UUID | None) -> int:
    """Queue every document whose failure is retryable, of one collection or of all that the viewer may change.

    What fails while this runs is left for the next time, so that it ends. Cut short, it has started some of them.

    Returns:
        How many were started.

    Raises:
        NotFound: There is no such collection, or the viewer may not change it.
    """
    async with database.transaction(viewer) as session:
        if collection_id is not None and not await may_write(session, collection_id):
            message = "There is no such collection."
            raise NotFound(message, path=("collectionId",))
        moment, places = await _now(session), await _places(session, collection_id)
    started = 0
    for place in places:
        while count := await _start_some(database, bus, viewer, place, failed_before=moment):
            started += count
    return started


async def _now(session: AsyncSession) -> datetime:
    moment: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return moment


async def _places(session: AsyncSession, collection_id: UUID | None) -> list[UUID]:
    if collection_id is not None:
        return [collection_id]
    writable = Document.collection_id.in_(select(func.lexora_writable_collections()))
    found = await session.scalars(select(Document.collection_id).where(*WORTH_IT, writable).distinct())
    return sorted(found.all())


async def _start_some(
    database: Database, bus: EventBus, viewer: Viewer, place: UUID, *, failed_before: datetime
) -> int:
    """Start some of one collection: those of two could be locked in another order than somebody else locks them."""
    publication = Publication()
    some = (
        select(Document.id)
        .where(Document.collection_id == place, *WORTH_IT, Document.failed_at <= failed_before)
        .order_by(Document.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    async with database.transaction(viewer) as session:
        ids = (await session.scalars(some)).all()
        values = {**queued_anew(), "request_id": request_id()}
        await session.execute(update(Document).where(Document.id.in_(ids)).values(values))
        await publication.record(session, place, ids)
    await publication.ring(bus)
    return len(ids)
