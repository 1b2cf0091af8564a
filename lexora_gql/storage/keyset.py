"""Pages over (sort key, id): stable while others write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lexora_gql.errors import InvalidInput, require_range

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


async def paginate(
    session: AsyncSession,
    query: Select[Item],
    order: Order,
    request: PageRequest,
) -> Page[Item]:
    """Return a page of a query's entities.

    Args:
        session: An open transaction.
        query: Unordered, one entity a row.
        order: By which to sort; the entity has both attributes.
        request: Which part.
    """
    total = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    place = tuple_(order.key, order.id)
    if request.after is not None:
        at = (request.after.key, request.after.id)
        query = query.where(place < at if order.is_descending else place > at)
    if request.before is not None:
        at = (request.before.key, request.before.id)
        query = query.where(place > at if order.is_descending else place < at)
    descending = order.is_descending != request.is_backward
    columns = [order.key.desc(), order.id.desc()] if descending else [order.key.asc(), order.id.asc()]
    rows = list((await session.scalars(query.order_by(*columns).limit(request.size + 1))).all())
    has_more = len(rows) > request.size
    rows = rows[: request.size]
    if request.is_backward:
        rows.reverse()
    return Page(
        items=rows,
        positions=[Position(getattr(row, order.key.key), getattr(row, order.id.key)) for row in rows],
        has_next=request.before is not None if request.is_backward else has_more,
        has_previous=has_more if request.is_backward else request.after is not None,
        total=total or 0,
    )
