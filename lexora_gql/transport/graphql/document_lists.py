"""Lists of documents: what narrows them, and in which order they come."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

import strawberry

from lexora_gql.documents import repository
from lexora_gql.documents.repository import DocumentListing
from lexora_gql.transport.graphql.connections import Connection, Cursors, Part
from lexora_gql.transport.graphql.context import Context
from lexora_gql.transport.graphql.documents import Document
from lexora_gql.transport.graphql.enums import DocumentOrder, DocumentStatus
from lexora_gql.transport.graphql.ids import find_id
from lexora_gql.transport.graphql.loaders import Of

Item = TypeVar("Item")
NEWEST_FIRST = DocumentOrder.CREATED_AT_DESC
NOWHERE = UUID(int=0)
"""No collection has this id: what is in a collection that cannot exist is nothing, not everything."""


@strawberry.input(description="Narrows a list of documents; what is given must all hold.")
class DocumentFilter:
    """Narrows a list of documents."""

    status: list[DocumentStatus] | None = strawberry.field(default=None, description="One of these.")
    collection_id: strawberry.ID | None = strawberry.field(default=None, description="In this collection.")
    tags: list[str] | None = strawberry.field(default=None, description="With all of these.")
    search: str | None = strawberry.field(default=None, description="Words of the title or the file's name.")
    created_after: datetime | None = strawberry.field(default=None, description="Uploaded later than this.")
    created_before: datetime | None = strawberry.field(default=None, description="Uploaded earlier than this.")


async def list_documents(
    context: Context, part: Part, given: DocumentFilter | None, order: DocumentOrder
) -> Connection[Document]:
    """Return part of the documents that the viewer may read."""
    cursors = _cursors(context, order)
    page = await context.services.documents.documents(
        context.viewer, cursors.request(part), filter=_filter(given), order=order
    )
    return Connection[Document].of(page, cursors, Document.of)


async def documents_in(
    context: Context, collection_id: UUID, part: Part, given: DocumentFilter | None
) -> Connection[Document]:
    """Return part of the documents in a collection, newest first."""
    cursors = _cursors(context, NEWEST_FIRST, "in", collection_id)
    wish = DocumentListing(cursors.request(part), _filter(given), NEWEST_FIRST)
    page = await context.loaders.documents_in.load(Of(collection_id, wish))
    return Connection[Document].of(page, cursors, Document.of)


async def documents_by(
    context: Context, owner_id: UUID, part: Part, given: DocumentFilter | None
) -> Connection[Document]:
    """Return part of the documents that someone uploaded, newest first."""
    cursors = _cursors(context, NEWEST_FIRST, "by", owner_id)
    wish = DocumentListing(cursors.request(part), _filter(given), NEWEST_FIRST)
    page = await context.loaders.documents_by.load(Of(owner_id, wish))
    return Connection[Document].of(page, cursors, Document.of)


def _cursors(context: Context, order: DocumentOrder, *place: object) -> Cursors:
    """Return the cursors of a list: they mean nothing in another order, in another place, or to another viewer."""
    return context.cursors(":".join(str(each) for each in ("documents", order.value, *place, context.viewer.user_id)))


def _filter(given: DocumentFilter | None) -> repository.DocumentFilter:
    """Return a filter for the service; what a place in the graph narrows to comes on top of it."""
    wanted = given or DocumentFilter()
    named = wanted.collection_id
    return repository.DocumentFilter(
        statuses=_frozen(wanted.status),
        collection_id=None if named is None else find_id(named, "Collection") or NOWHERE,
        tags=_frozen(wanted.tags),
        search=wanted.search,
        created_after=wanted.created_after,
        created_before=wanted.created_before,
    )


def _frozen(given: list[Item] | None) -> tuple[Item, ...] | None:
    """Return a list as what can be part of a loader's key."""
    return None if given is None else tuple(given)
