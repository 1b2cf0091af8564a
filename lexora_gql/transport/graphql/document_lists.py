"""Lists of documents: what narrows them, and in which order they come."""

from datetime import datetime
from uuid import UUID

import strawberry

from lexora_gql.documents import repository
from lexora_gql.transport.graphql.connections import Connection, Part
from lexora_gql.transport.graphql.context import Context
from lexora_gql.transport.graphql.documents import Document
from lexora_gql.transport.graphql.enums import DocumentOrder, DocumentStatus
from lexora_gql.transport.graphql.ids import find_id

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


def narrowed(
    given: DocumentFilter | None, *, owner_id: UUID | None = None, collection_id: UUID | None = None
) -> repository.DocumentFilter:
    """Return a filter for the service; a place in the graph narrows on top of what is given."""
    wanted = given or DocumentFilter()
    if wanted.collection_id is not None:
        named = find_id(wanted.collection_id, "Collection") or NOWHERE
        collection_id = named if collection_id in {None, named} else NOWHERE
    return repository.DocumentFilter(
        statuses=wanted.status,
        collection_id=collection_id,
        owner_id=owner_id,
        tags=wanted.tags,
        search=wanted.search,
        created_after=wanted.created_after,
        created_before=wanted.created_before,
    )


async def list_documents(
    context: Context,
    part: Part,
    wanted: repository.DocumentFilter,
    order: DocumentOrder = DocumentOrder.CREATED_AT_DESC,
) -> Connection[Document]:
    """Return part of the documents that the viewer may read."""
    cursors = context.cursors(f"documents:{order.value}")
    page = await context.services.documents.documents(context.viewer, cursors.request(part), filter=wanted, order=order)
    return Connection[Document].of(page, cursors, Document.of)
