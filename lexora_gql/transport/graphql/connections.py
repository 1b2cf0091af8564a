"""Keyset connections: pages with signed cursors, bound to the kind of list they were given for."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Self, TypeVar
from uuid import UUID

import strawberry

from lexora_gql.errors import BadCursor
from lexora_gql.services import Page, PageRequest, Position
from lexora_gql.signing import BadSignature, Signer

Item = TypeVar("Item")
Row = TypeVar("Row")

First = Annotated[int | None, strawberry.argument(description="How many from the beginning, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last item.")


def _signed(root: strawberry.Parent["Edge[object]"]) -> str:
    return root.cursors.encode(root.position)


@strawberry.type(description="An item of a page, with its place in the list.")
class Edge(Generic[Item]):
    """An item and its cursor."""

    cursors: strawberry.Private["Cursors"]
    position: strawberry.Private[Position]
    # Signed only where it is asked for: most clients go on from `endCursor`.
    cursor: str = strawberry.field(resolver=_signed, description="The item's place, for `after` and `before`.")
    node: Item = strawberry.field(description="The item.")


@strawberry.type(description="Part of a list.")
class Connection(Generic[Item]):
    """Part of a list."""

    edges: list[Edge[Item]] = strawberry.field(description="The items, in the list's order.")
    page_info: PageInfo = strawberry.field(description="Where this part stands in the list.")
    total_count: int = strawberry.field(description="Length of the whole list.")

    @classmethod
    def of(cls, page: Page[Row], cursors: "Cursors", convert: Callable[[Row], Item]) -> Self:
        """Return a page as clients see it.

        Args:
            page: Rows and their positions.
            cursors: Of this kind of list.
            convert: From a row to a GraphQL type.
        """
        edges = [
            Edge(cursors=cursors, position=position, node=convert(row))
            for row, position in zip(page.items, page.positions, strict=True)
        ]
        info = PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors.encode(page.positions[0]) if edges else None,
            end_cursor=cursors.encode(page.positions[-1]) if edges else None,
        )
        return cls(edges=edges, page_info=info, total_count=page.total)


@dataclass(frozen=True, slots=True)
class Part:
    """The four arguments that say which part of a list is wanted."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Cursors:
    """Cursors of one kind of list: what another kind, or nobody, has signed is refused."""

    signer: Signer
    kind: str

    def encode(self, position: Position) -> str:
        """Return the cursor of a place."""
        key = position.key
        payload = [key.isoformat(), "t"] if isinstance(key, datetime) else [key, "v"]
        return self.signer.sign(f"cursor:{self.kind}", json.dumps([*payload, position.id.hex]).encode())

    def decode(self, cursor: str | None) -> Position | None:
        """Return the place of a cursor.

        Raises:
            BadCursor: It was not given for this kind of list.
        """
        if cursor is None:
            return None
        try:
            payload = self.signer.verify(f"cursor:{self.kind}", cursor)
        except BadSignature:
            raise BadCursor from None
        key, kind, identifier = json.loads(payload)
        return Position(datetime.fromisoformat(key) if kind == "t" else key, UUID(hex=identifier))

    def request(self, part: "Part") -> PageRequest:
        """Return the part of the list that the arguments ask for.

        Raises:
            BadCursor: A cursor was not given for this kind of list.
            InvalidInput: Both or an out-of-range number are given.
        """
        return PageRequest(part.first, self.decode(part.after), part.last, self.decode(part.before))
