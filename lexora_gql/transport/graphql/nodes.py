"""Finding any object again by its id."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import strawberry

from lexora_gql.errors import InvalidInput
from lexora_gql.transport.graphql.accounts import User
from lexora_gql.transport.graphql.collections import Collection
from lexora_gql.transport.graphql.context import Context, Id, Info
from lexora_gql.transport.graphql.conversations import Conversation
from lexora_gql.transport.graphql.documents import Chunk, Document
from lexora_gql.transport.graphql.ids import parse_global_id
from lexora_gql.transport.graphql.interfaces import Node
from lexora_gql.transport.graphql.messages import Message
from lexora_gql.transport.graphql.reindexing import Reindex

NODES_MAX = 100
NOBODY = UUID(int=0)
Ids = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100.")]


@strawberry.type
class NodeQuery:
    """Finding any object again."""

    @strawberry.field(description="The object with this id; null where there is none, or it is not yours to see.")
    async def node(self, info: Info, id: Id) -> Node | None:  # noqa: A002  # the API's name
        """Find an object."""
        return await _find(info.context, id)

    @strawberry.field(description="The objects with these ids, each in its id's place, or null.")
    async def nodes(self, info: Info, ids: Ids) -> list[Node | None]:
        """Find several objects."""
        if len(ids) > NODES_MAX:
            message = f"`ids` has {len(ids)} entries; at most {NODES_MAX} are allowed."
            raise InvalidInput(message, path=("ids",))
        return list(await asyncio.gather(*(_find(info.context, each) for each in ids)))


async def _find(context: Context, global_id: str) -> Node | None:
    kind, identifier = parse_global_id(global_id) or ("", NOBODY)
    # Who is nobody learns nothing, not even whether an id is well-formed.
    _ = context.viewer
    find = FINDERS.get(kind)
    return await find(context, identifier) if find is not None else None


async def _user(context: Context, identifier: UUID) -> Node | None:
    # Others are known as Person only.
    row = await context.loaders.people.load(identifier) if identifier == context.viewer.user_id else None
    return User.of(row) if row else None


async def _collection(context: Context, identifier: UUID) -> Node | None:
    row = await context.loaders.collections.load(identifier)
    return Collection.of(row) if row else None


async def _document(context: Context, identifier: UUID) -> Node | None:
    row = await context.loaders.documents.load(identifier)
    return Document.of(row) if row else None


async def _chunk(context: Context, identifier: UUID) -> Node | None:
    row = await context.loaders.chunks.load(identifier)
    return Chunk.of(row) if row else None


async def _conversation(context: Context, identifier: UUID) -> Node | None:
    row = await context.loaders.conversations.load(identifier)
    return Conversation.of(row) if row else None


async def _message(context: Context, identifier: UUID) -> Node | None:
    row = await context.loaders.messages.load(identifier)
    return Message.of(row) if row else None


async def _reindex(context: Context, identifier: UUID) -> Node | None:
    state = await context.services.reindexing.by_id(context.viewer, identifier)
    return Reindex.of(state) if state else None


FINDERS: dict[str, Callable[[Context, UUID], Awaitable[Node | None]]] = {
    "User": _user,
    "Collection": _collection,
    "Document": _document,
    "Chunk": _chunk,
    "Conversation": _conversation,
    "Message": _message,
    "Reindex": _reindex,
}
