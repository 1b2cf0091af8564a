"""Every list of the schema, as one reader has it."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from lexora_gql.documents.models import Collection
from lexora_gql.documents.repository import DocumentOrder
from lexora_gql.storage.base import Identified
from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.ids import to_global_id
from tests.transport.api import Api, Client
from tests.transport.graphql.talks import EPOCH, chunks_of, conversation, document, exchange, store

SEED = 20310501
SIZE = 4
PART = "first: $first, after: $after, last: $last, before: $before"
VARIABLES = "$first: Int, $after: String, $last: Int, $before: String"
PAGE = "{ edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, in which rows of one kind come and go.

    Attributes:
        make: Returns one more row, which is not stored yet; of a few sort keys only, so that ids have to break ties.
    """

    client: Client
    query: str
    kind: str
    make: Callable[[], Awaitable[Any]]
    variables: Mapping[str, str] = field(default_factory=dict)

    def id_of(self, row: Identified) -> str:
        """Return the id that clients see."""
        return to_global_id(self.kind, row.id)

    async def page(self, part: dict[str, object]) -> dict[str, Any]:
        """Return part of the list."""
        answer = (await self.client.send(self.query, {**self.variables, **part})).json()
        assert "errors" not in answer, answer["errors"]
        page = answer["data"].get("list") or answer["data"]["node"]["list"]
        assert isinstance(page, dict)
        return page

    async def walk(self, *, backward: bool, write: Callable[[], Awaitable[None]]) -> list[str]:
        """Return the ids from one end of the list to the other; something is written after each page."""
        seen: list[str] = []
        part: dict[str, object] = {"last": SIZE} if backward else {"first": SIZE}
        while True:
            page = await self.page(part)
            ids = [edge["node"]["id"] for edge in page["edges"]]
            seen = ids + seen if backward else seen + ids
            info = page["pageInfo"]
            if not info["hasPreviousPage" if backward else "hasNextPage"]:
                return seen
            part |= {"before": info["startCursor"]} if backward else {"after": info["endCursor"]}
            await write()


class Reader:
    """Somebody who is signed in, and every kind of list that they have."""

    def __init__(self, database: Database, client: Client, viewer_id: UUID) -> None:
        self.database = database
        self.client = client
        self.viewer_id = viewer_id
        self.chance = random.Random(SEED)
        self.ordinals = iter(self.chance.sample(range(1_000), 300))
        self.shelf = Collection(id=uuid4(), owner_id=viewer_id, name="Shelf", created_at=EPOCH)
        self.paper = document(viewer_id, self.shelf.id, EPOCH)
        self.talk = conversation(viewer_id, EPOCH)
        self.branch = exchange(self.talk, pairs=9)[:-1]

    @classmethod
    async def of(cls, api: Api, database: Database) -> Self:
        """Return somebody new, with a shelf, a paper on it, and a conversation."""
        client = await api.somebody()
        viewer = await api.process.services.accounts.authenticate(client.token or "")
        reader = cls(database, client, viewer.user_id)
        for rows in ([reader.shelf], [reader.paper], [reader.talk], reader.branch):
            await store(database, *rows)
        return reader

    def some(self) -> int:
        """Return one of a few numbers."""
        return self.chance.randrange(5)

    async def document(self) -> Identified:
        """Return a document on the shelf."""
        at = EPOCH + timedelta(seconds=self.some())
        return document(self.viewer_id, self.shelf.id, at, title="aäbßz"[self.some()], byte_size=self.some())

    async def conversation(self) -> Identified:
        """Return a conversation."""
        return conversation(self.viewer_id, EPOCH + timedelta(seconds=self.some()))

    async def collection(self) -> Identified:
        """Return a collection."""
        at = EPOCH + timedelta(seconds=self.some())
        return Collection(id=uuid4(), owner_id=self.viewer_id, name="Box", created_at=at)

    async def chunk(self) -> object:
        """Return a passage of the paper."""
        return (await chunks_of(self.paper, [next(self.ordinals)]))[0]

    def list(self, name: str) -> Listed:
        """Return a list by its name in `LISTS`."""
        query, kind = LISTS[name]
        make = {"Document": self.document, "Conversation": self.conversation, "Collection": self.collection}
        parents: dict[str, Identified] = {"Document": self.shelf, "Chunk": self.paper, "Message": self.talk}
        parent = parents.get(kind, self.shelf)
        given = {"id": to_global_id(type(parent).__name__, parent.id)} if "$id" in query else {}
        return Listed(self.client, query, kind, make.get(kind, self.chunk), given)


def of_root(name: str, more: str = "") -> str:
    """Return the query for a list of its own."""
    return f"query({VARIABLES}) {{ list: {name}({PART}{more}) {PAGE} }}"


def of_node(kind: str, name: str) -> str:
    """Return the query for a list that an object has."""
    return f"query({VARIABLES}, $id: ID!) {{ node(id: $id) {{ ... on {kind} {{ list: {name}({PART}) {PAGE} }} }} }}"


LISTS = {order.value: (of_root("documents", f", orderBy: {order}"), "Document") for order in DocumentOrder} | {
    "documents of a collection": (of_node("Collection", "documents"), "Document"),
    "documents of a user": (f"query({VARIABLES}) {{ node: me {{ list: documents({PART}) {PAGE} }} }}", "Document"),
    "conversations": (of_root("conversations"), "Conversation"),
    "collections": (of_root("collections"), "Collection"),
    "chunks": (of_node("Document", "chunks"), "Chunk"),
    "messages": (of_node("Conversation", "messages"), "Message"),
}
