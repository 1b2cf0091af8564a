"""Collections: named sets of documents."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from lexora_gql.documents import models
from lexora_gql.transport.graphql.connections import After, Before, Connection, First, Last, Part
from lexora_gql.transport.graphql.context import Context, Id, Info
from lexora_gql.transport.graphql.document_lists import documents_in
from lexora_gql.transport.graphql.document_queries import Filter
from lexora_gql.transport.graphql.documents import Document
from lexora_gql.transport.graphql.enums import CollectionAccess
from lexora_gql.transport.graphql.ids import find_id, require_id, to_global_id
from lexora_gql.transport.graphql.interfaces import Node
from lexora_gql.transport.graphql.loaders import load_seen
from lexora_gql.transport.graphql.people import Person
from lexora_gql.transport.graphql.results import InvalidInput, NotFound


@strawberry.type(description="Someone with whom a collection is shared.")
class CollectionMember:
    """Someone with whom a collection is shared."""

    row: strawberry.Private[models.CollectionMember]
    access: CollectionAccess = strawberry.field(description="What they may do in it.")
    since: datetime = strawberry.field(description="When it was shared with them.")

    @strawberry.field(description="Who it is.")
    async def person(self, info: Info) -> Person:
        """Load who it is."""
        return Person.of(await load_seen(info.context.loaders.people, self.row.user_id))


@strawberry.type(
    description="A named set of documents with an index of its own. Everyone has one personal collection from the "
    "start."
)
class Collection(Node):
    """A named set of documents."""

    row: strawberry.Private[models.Collection]
    name: str = strawberry.field(description="1 to 200 characters.")
    is_personal: bool = strawberry.field(description="Whether it is the one that everyone has from the start.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @strawberry.field(description="Whose it is.")
    async def owner(self, info: Info) -> Person:
        """Load whose it is."""
        return Person.of(await load_seen(info.context.loaders.people, self.row.owner_id))

    @strawberry.field(description="The caller's own standing in it.")
    async def access(self, info: Info) -> CollectionAccess:
        """Load the caller's standing."""
        return (await load_seen(info.context.loaders.standing, self.row.id)).access

    @strawberry.field(description="With whom it is shared, the longest standing first.")
    async def members(self, info: Info) -> list[CollectionMember]:
        """Load with whom it is shared."""
        rows = await info.context.loaders.members.load(self.row.id)
        return [CollectionMember(row=row, access=row.access, since=row.since) for row in rows or ()]

    @strawberry.field(description="How many documents it has.")
    async def document_count(self, info: Info) -> int:
        """Load how many documents it has."""
        return (await load_seen(info.context.loaders.standing, self.row.id)).document_count

    @strawberry.field(description="Its documents, newest first.")
    async def documents(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,  # noqa: A002  # the API's name
    ) -> Connection[Document]:
        """List its documents."""
        return await documents_in(info.context, self.row.id, Part(first, after, last, before), filter)

    @classmethod
    def of(cls, row: models.Collection) -> Self:
        """Return a collection as clients see it."""
        return cls(
            id=to_global_id("Collection", row.id),
            row=row,
            name=row.name,
            is_personal=row.is_personal,
            created_at=row.created_at,
        )


async def list_collections(context: Context, part: Part) -> Connection[Collection]:
    """Return part of the collections that the viewer may read."""
    cursors = context.cursors(f"collections:{context.viewer.user_id}")
    page = await context.loaders.own_collections.load(cursors.request(part))
    return Connection[Collection].of(page, cursors, Collection.of)


@strawberry.type(description="The collection as it is now.")
class CollectionSaved:
    """The collection as it is now."""

    collection: Collection = strawberry.field(description="As it is now.")


@strawberry.type(description="The collection is gone, and its documents with it.")
class CollectionDeleted:
    """A collection is gone."""

    collection_id: strawberry.ID = strawberry.field(description="The id that it had.")
    documents_deleted: int = strawberry.field(description="Documents that went with it.")


CreateCollectionResult = Annotated[
    CollectionSaved | InvalidInput,
    strawberry.union("CreateCollectionResult", description="What came of `createCollection`."),
]
RenameCollectionResult = Annotated[
    CollectionSaved | InvalidInput | NotFound,
    strawberry.union("RenameCollectionResult", description="What came of `renameCollection`."),
]
DeleteCollectionResult = Annotated[
    CollectionDeleted | NotFound | InvalidInput,
    strawberry.union("DeleteCollectionResult", description="What came of `deleteCollection`."),
]
Name = Annotated[str, strawberry.argument(description="1 to 200 characters.")]


@strawberry.type
class CollectionQuery:
    """Reading collections."""

    @strawberry.field(description="A collection that you may read.")
    async def collection(self, info: Info, id: Id) -> Collection | None:  # noqa: A002  # the API's name
        """Find a collection."""
        context = info.context
        collection_id = find_id(id, "Collection")
        row = await context.loaders.collections.load(collection_id) if collection_id else None
        return Collection.of(row) if row else None

    @strawberry.field(description="Your collections and those shared with you, oldest first.")
    async def collections(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Collection]:
        """List collections."""
        return await list_collections(info.context, Part(first, after, last, before))


@strawberry.type
class CollectionMutation:
    """Making, renaming and deleting collections."""

    @strawberry.mutation(description="Make an empty collection.")
    async def create_collection(self, info: Info, name: Name) -> CreateCollectionResult:
        """Make an empty collection."""
        context = info.context
        row = await context.services.collections.create(context.viewer, name)
        return CollectionSaved(collection=Collection.of(row))

    @strawberry.mutation(description="Give a collection of your own another name.")
    async def rename_collection(self, info: Info, id: Id, name: Name) -> RenameCollectionResult:  # noqa: A002  # the API's name
        """Rename a collection."""
        context = info.context
        row = await context.services.collections.rename(context.viewer, require_id(id, "Collection", "id"), name)
        return CollectionSaved(collection=Collection.of(row))

    @strawberry.mutation(description="Delete a collection of your own, with its documents; not the personal one.")
    async def delete_collection(self, info: Info, id: Id) -> DeleteCollectionResult:  # noqa: A002  # the API's name
        """Delete a collection."""
        context = info.context
        erased = await context.services.collections.delete(context.viewer, require_id(id, "Collection", "id"))
        return CollectionDeleted(
            collection_id=to_global_id("Collection", erased.collection_id), documents_deleted=erased.documents_deleted
        )
