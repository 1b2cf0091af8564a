"""Pages over (sort key, id): stable while others write."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lexora_gql.errors import InvalidInput, require_range
from lexora_gql.storage.base import ids_array

Item = TypeVar("Item")
SortKey = datetime | str | int
PAGE_DEFAULT = 20
PAGE_MAX = 100


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: right at an item."""

    key: SortKey
    id: UUID


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is wanted: `first` items after a position, or `last` before one.

    Raises:
        InvalidInput: Both or an out-of-range number are given.
    """

    first: int | None = None
    after: Position | None = None
    last: int | None = None
    before: Position | None = None

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None:
            message = "Give `first` or `last`, not both."
            raise InvalidInput(message, path=("first",))
        for name, value in (("first", self.first), ("last", self.last)):
            if value is not None:
                require_range(name, value, low=1, high=PAGE_MAX)

    @property
    def size(self) -> int:
        """Items wanted at most."""
        return self.first or self.last or PAGE_DEFAULT

    @property
    def is_backward(self) -> bool:
        """Whether the end of the list is wanted."""
        return self.last is not None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Part of a list.

    Attributes:
        items: In the list's order.
        positions: Of each item.
        total: Length of the whole list.
    """

    items: Sequence[Item]
    positions: Sequence[Position]
    has_next: bool
    has_previous: bool
    total: int


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key and its direction; `id` breaks ties in the same direction."""

    key: InstrumentedAttribute[Any]
    id: InstrumentedAttribute[UUID]
    is_descending: bool = False

    def columns(self, *, descending: bool) -> list[ColumnElement[Any]]:
        """Return by which columns to sort."""
        return [column.desc() if descending else column.asc() for column in (self.key, self.id)]


async def paginate(
    session: AsyncSession,
    query: Select[Item],
    order: Order,
    request: PageRequest,
) -> Page[Item]:
    """Return a page of a query's entities; one statement, so that page and total are of the same moment.

    Args:
        session: An open transaction.
        query: Unordered, one entity a row.
        order: By which to sort; the entity has both attributes.
        request: Which part.
    """
    total = _counted(query).subquery("total")
    place = _places(query, order, request).subquery("place")
    found = select(total.c.total, order.key.class_).select_from(total).outerjoin(place, true())
    rows = (await session.execute(_filled(found, order, place))).all()
    return _page([row[1] for row in rows if row[1] is not None], rows[0][0], order, request)


async def paginate_each(
    session: AsyncSession,
    query: Select[Item],
    order: Order,
    request: PageRequest,
    *,
    parent: InstrumentedAttribute[UUID],
    parents: Collection[UUID],
) -> dict[UUID, Page[Item]]:
    """Return the same part of the list that each of many parents has; one statement, however many they are.

    Args:
        session: An open transaction.
        query: Unordered, one entity a row.
        order: By which to sort; the entity has both attributes.
        request: Which part of each list.
        parent: The entity's column that says whose it is.
        parents: Whose lists are wanted.

    Returns:
        A page for each parent; an empty one where there is nothing, or nothing that the actor may see.
    """
    asked = func.unnest(ids_array(dict.fromkeys(parents))).table_valued("id").render_derived(name="asked")
    theirs = query.where(parent == asked.c.id).correlate(asked)
    total = _counted(theirs).lateral("total")
    place = _places(theirs, order, request).lateral("place")
    found = select(asked.c.id, total.c.total, order.key.class_).select_from(asked)
    found = found.join(total, true()).outerjoin(place, true())
    rows: defaultdict[UUID, list[Item]] = defaultdict(list)
    totals: dict[UUID, int] = {}
    for identity, length, row in await session.execute(_filled(found, order, place)):
        totals[identity] = length
        if row is not None:
            rows[identity].append(row)
    return {identity: _page(rows[identity], length, order, request) for identity, length in totals.items()}


def _counted(query: Select[Any]) -> Select[Any]:
    """Return the query for the length of a list."""
    return query.with_only_columns(func.count().label("total"), maintain_column_froms=True)


def _places(query: Select[Any], order: Order, request: PageRequest) -> Select[Any]:
    """Return the query for the ids on a page, and for one beyond, which tells that there is more."""
    place = tuple_(order.key, order.id)
    if request.after is not None:
        at = (request.after.key, request.after.id)
        query = query.where(place < at if order.is_descending else place > at)
    if request.before is not None:
        at = (request.before.key, request.before.id)
        query = query.where(place > at if order.is_descending else place < at)
    columns = order.columns(descending=order.is_descending != request.is_backward)
    return (
        query.with_only_columns(order.id.label("id"), maintain_column_froms=True)
        .order_by(*columns)
        .limit(request.size + 1)
    )


def _filled(found: Select[Any], order: Order, place: FromClause) -> Select[Any]:
    """Return the query with the entities at its places: named by id, they need no copy of a wide table's columns."""
    entities = found.outerjoin(order.key.class_, order.id == place.c.id)
    return entities.order_by(*order.columns(descending=order.is_descending))


def _page(rows: list[Item], total: int, order: Order, request: PageRequest) -> Page[Item]:
    """Return the page that rows make, which are in the list's order and up to one more than were wanted."""
    has_more = len(rows) > request.size
    rows = rows[-request.size :] if request.is_backward else rows[: request.size]
    return Page(
        items=rows,
        positions=[Position(getattr(row, order.key.key), getattr(row, order.id.key)) for row in rows],
        has_next=request.before is not None if request.is_backward else has_more,
        has_previous=has_more if request.is_backward else request.after is not None,
        total=total,
    )
