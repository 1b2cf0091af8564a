"""Collections: sets of documents, each with an index of its own."""

from collections.abc import Collection as Ids
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import any_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.changes import Publication
from lexora_gql.documents.models import Collection, CollectionAccess, CollectionMember, Document
from lexora_gql.documents.repository import DocumentRepository, personal_collection
from lexora_gql.errors import InvalidInput, NotFound, Unavailable, require_length
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.storage.base import ids_array
from lexora_gql.storage.database import Database
from lexora_gql.storage.keyset import Order, Page, PageRequest, paginate

NAME_CHARACTERS = 200
# To delete a collection while others put documents into it.
TRIES = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """What a collection is to the viewer."""

    access: CollectionAccess
    document_count: int


@dataclass(frozen=True, slots=True)
class CollectionErased:
    """A collection is gone, with its documents."""

    collection_id: UUID
    documents_deleted: int


@dataclass(frozen=True, slots=True)
class CollectionService:
    """Use cases on collections; stateless."""

    database: Database
    bus: EventBus

    async def personal(self, viewer: Viewer) -> Collection:
        """Return the viewer's own collection, which everyone has from the start."""
        async with self.database.transaction(viewer) as session:
            collection = await personal_collection(session, viewer.user_id)
        if collection is None:
            raise NotFound
        return collection

    async def collection(self, viewer: Viewer, collection_id: UUID) -> Collection | None:
        """Return a collection that the viewer may read."""
        return (await self.by_ids(viewer, [collection_id])).get(collection_id)

    async def by_ids(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, Collection]:
        """Return those of the collections that the viewer may read."""
        async with self.database.transaction(viewer) as session:
            rows = await session.scalars(select(Collection).where(Collection.id == any_(ids_array(ids))))
            return {row.id: row for row in rows}

    async def collections(self, viewer: Viewer, page: PageRequest) -> Page[Collection]:
        """Return part of the viewer's collections and of those shared with them, oldest first."""
        async with self.database.transaction(viewer) as session:
            return await paginate(session, select(Collection), Order(Collection.created_at, Collection.id), page)

    async def create(self, viewer: Viewer, name: str) -> Collection:
        """Create an empty collection.

        Raises:
            InvalidInput: The name is blank or longer than 200 characters.
        """
        collection = Collection(owner_id=viewer.user_id, name=checked_name(name))
        async with self.database.transaction(viewer) as session:
            session.add(collection)
        return collection

    async def rename(self, viewer: Viewer, collection_id: UUID, name: str) -> Collection:
        """Give a collection of the viewer's own another name.

        Raises:
            NotFound: There is none, or it is not the viewer's own.
        """
        new_name = checked_name(name)
        async with self.database.transaction(viewer) as session:
            collection = await _own(session, viewer, collection_id)
            collection.name = new_name
        return collection

    async def delete(self, viewer: Viewer, collection_id: UUID) -> CollectionErased:
        """Delete a collection of the viewer's own, with its documents.

        Raises:
            NotFound: There is none, or it is not the viewer's own.
            InvalidInput: It is the personal one.
        """
        for _ in range(TRIES):
            publication = Publication()
            async with self.database.transaction(viewer) as session:
                documents = await _lock_documents(session, viewer, collection_id)
                if documents is None:
                    continue
                await DocumentRepository(session).delete_all(collection_id, list(documents.values()))
                await publication.record(session, collection_id, documents, deleted=True)
                await session.execute(delete(Collection).where(Collection.id == collection_id))
            await publication.ring(self.bus)
            return CollectionErased(collection_id, len(documents))
        message = "Documents keep coming into this collection; try again."
        raise Unavailable(message)

    async def standing(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, Standing]:
        """Return the viewer's access to each collection, and how many documents it has."""
        async with self.database.transaction(viewer) as session:
            counts = await session.execute(
                select(Collection.id, Collection.owner_id, func.count(Document.id))
                .outerjoin(Document, Document.collection_id == Collection.id)
                .where(Collection.id == any_(ids_array(ids)))
                .group_by(Collection.id)
            )
            shared = await session.execute(
                select(CollectionMember.collection_id, CollectionMember.access).where(
                    CollectionMember.user_id == viewer.user_id, CollectionMember.collection_id == any_(ids_array(ids))
                )
            )
            access = {row.collection_id: row.access for row in shared}
            return {
                collection_id: Standing(
                    CollectionAccess.OWNER
                    if owner_id == viewer.user_id
                    else access.get(collection_id, CollectionAccess.VIEWER),
                    count,
                )
                for collection_id, owner_id, count in counts
            }

    async def members(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, list[CollectionMember]]:
        """Return with whom each collection is shared, the longest standing first."""
        members: dict[UUID, list[CollectionMember]] = {collection_id: [] for collection_id in ids}
        async with self.database.transaction(viewer) as session:
            rows = await session.scalars(
                select(CollectionMember)
                .where(CollectionMember.collection_id == any_(ids_array(ids)))
                .order_by(CollectionMember.since, CollectionMember.user_id)
            )
            for row in rows:
                members[row.collection_id].append(row)
        return members


def checked_name(name: str) -> str:
    """Return a collection's name without the white space around it.

    Raises:
        InvalidInput: It is blank or too long.
    """
    return require_length("name", name.strip(), low=1, high=NAME_CHARACTERS)


async def _lock_documents(session: AsyncSession, viewer: Viewer, collection_id: UUID) -> dict[UUID, str] | None:
    """Lock a collection and all that is in it; return the documents' blob keys by id.

    Everybody else locks a document before its collection, so that is the order here too: the other way round two would
    wait for each other. What was put in meanwhile is taken if it is free; None if it is not.

    Raises:
        NotFound: There is no such collection, or it is not the viewer's own.
        InvalidInput: It is the personal one.
    """
    inside = select(Document.id, Document.blob_key).where(Document.collection_id == collection_id)
    locked = await session.execute(inside.order_by(Document.id).with_for_update())
    documents = {row.id: row.blob_key for row in locked}
    collection = await _own(session, viewer, collection_id)
    if collection.is_personal:
        message = "The personal collection cannot be deleted; its documents can."
        raise InvalidInput(message, path=("id",))
    # From here on nothing can come in: a document's row refers to the collection's, which is locked.
    free = await session.execute(inside.with_for_update(skip_locked=True))
    documents |= {row.id: row.blob_key for row in free}
    count = await session.scalar(select(func.count()).where(Document.collection_id == collection_id))
    return documents if count == len(documents) else None


async def _own(session: AsyncSession, viewer: Viewer, collection_id: UUID) -> Collection:
    query = select(Collection).where(Collection.id == collection_id, Collection.owner_id == viewer.user_id)
    collection = await session.scalar(query.with_for_update())
    if collection is None:
        raise NotFound
    return collection
