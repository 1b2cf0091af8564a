from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import InstrumentedAttribute

from lexora_gql.accounts.models import User
from lexora_gql.documents.models import Collection
from lexora_gql.errors import InvalidInput
from lexora_gql.storage.database import ACCOUNTS, Database
from lexora_gql.storage.keyset import Order, Page, PageRequest, Position, SortKey, paginate, paginate_each
from tests.factories import Library

EPOCH = datetime(2031, 5, 1, tzinfo=UTC)
# Many of the same key, so that the id has to break ties.
ROWS = st.lists(st.tuples(st.integers(0, 4), st.uuids(version=4)), max_size=25, unique_by=lambda row: row[1])
# The database is emptied by each example itself.
ON_ONE_DATABASE = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True
)
KEYS: dict[str, tuple[InstrumentedAttribute[Any], Callable[[int], SortKey]]] = {
    "number": (Collection.revision, lambda number: number),
    "time": (Collection.created_at, lambda number: EPOCH + timedelta(microseconds=number)),
    "text": (Collection.name, lambda number: "aaäzß"[number]),
}


async def fill(database: Database, owner: User, rows: Sequence[tuple[int, UUID]]) -> None:
    """Leave a user with these collections and no other."""
    async with database.engine.begin() as connection:
        await connection.execute(delete(Collection))
    await put(database, owner, rows)


async def put(database: Database, owner: User, rows: Sequence[tuple[int, UUID]]) -> None:
    """Give a user these collections, too."""
    async with database.engine.begin() as connection:
        for number, identity in rows:
            await connection.execute(
                insert(Collection).values(
                    id=identity,
                    owner_id=owner.id,
                    is_personal=False,
                    revision=number,
                    created_at=KEYS["time"][1](number),
                    name=KEYS["text"][1](number),
                )
            )


async def page(database: Database, order: Order, request: PageRequest) -> Page[Collection]:
    async with database.transaction(ACCOUNTS) as session:
        return await paginate(session, select(Collection), order, request)


async def walk(database: Database, order: Order, size: int, *, backward: bool) -> list[UUID]:
    """Go through a list from one end to the other, and return its ids in the list's order."""
    found: list[UUID] = []
    place: Position | None = None
    while True:
        request = PageRequest(last=size, before=place) if backward else PageRequest(first=size, after=place)
        part = await page(database, order, request)
        ids = [item.id for item in part.items]
        assert [position.id for position in part.positions] == ids
        found = ids + found if backward else found + ids
        if not (part.has_previous if backward else part.has_next):
            return found
        place = part.positions[0] if backward else part.positions[-1]


async def in_order(database: Database, order: Order) -> list[UUID]:
    columns = [order.key, order.id]
    query = select(Collection.id).order_by(*(column.desc() if order.is_descending else column for column in columns))
    async with database.engine.connect() as connection:
        return list((await connection.execute(query)).scalars().all())


def ids(part: Page[Collection]) -> list[UUID]:
    return [item.id for item in part.items]


class TestWalkingThroughAList:
    @pytest.mark.parametrize("key", KEYS)
    @ON_ONE_DATABASE
    @given(rows=ROWS, size=st.integers(1, 7), descending=st.booleans())
    async def test_every_item_comes_once_and_in_order_from_both_ends(
        self,
        database: Database,
        library: Library,
        *,
        key: str,
        rows: list[tuple[int, UUID]],
        size: int,
        descending: bool,
    ) -> None:
        await fill(database, await library.user(email=f"{uuid4()}@example.org"), rows)
        order = Order(KEYS[key][0], Collection.id, is_descending=descending)
        expected = await in_order(database, order)

        assert len(expected) == len(rows)
        assert await walk(database, order, size, backward=False) == expected
        assert await walk(database, order, size, backward=True) == expected

    @ON_ONE_DATABASE
    @given(rows=ROWS, added=ROWS, size=st.integers(1, 5), data=st.data())
    async def test_what_stays_is_neither_skipped_nor_repeated_while_others_write(
        self,
        database: Database,
        library: Library,
        *,
        rows: list[tuple[int, UUID]],
        added: list[tuple[int, UUID]],
        size: int,
        data: st.DataObject,
    ) -> None:
        owner = await library.user(email=f"{uuid4()}@example.org")
        order = Order(Collection.revision, Collection.id)
        await fill(database, owner, rows)
        stays = {identity for _, identity in rows if data.draw(st.booleans())}
        first = await page(database, order, PageRequest(first=size))
        kept = [row for row in rows if row[1] in stays]
        known = {identity for _, identity in rows}
        await fill(database, owner, kept + [row for row in added if row[1] not in known])

        seen = ids(first)
        place = first.positions[-1] if first.positions else None
        while place is not None:
            part = await page(database, order, PageRequest(first=size, after=place))
            seen += ids(part)
            place = part.positions[-1] if part.has_next else None

        assert len(seen) == len(set(seen))
        assert not rows or stays <= set(seen)


@pytest.fixture
async def five(database: Database, library: Library) -> list[UUID]:
    """The ids of five collections, two of which have the same number."""
    identities = [UUID(int=number) for number in range(1, 6)]
    await fill(database, await library.user(), list(zip((1, 2, 2, 3, 4), identities, strict=True)))
    return identities


ASCENDING = Order(Collection.revision, Collection.id)


class TestAPage:
    async def test_the_first_two_know_of_more_behind_them(self, database: Database, five: list[UUID]) -> None:
        part = await page(database, ASCENDING, PageRequest(first=2))

        assert ids(part) == five[:2]
        assert part.positions == [Position(1, five[0]), Position(2, five[1])]
        assert (part.has_next, part.has_previous, part.total) == (True, False, 5)

    async def test_the_next_ones_begin_after_an_item_of_the_same_key(
        self, database: Database, five: list[UUID]
    ) -> None:
        part = await page(database, ASCENDING, PageRequest(first=2, after=Position(2, five[1])))

        assert ids(part) == five[2:4]
        assert (part.has_next, part.has_previous, part.total) == (True, True, 5)

    async def test_the_last_two_are_in_the_lists_order(self, database: Database, five: list[UUID]) -> None:
        part = await page(database, ASCENDING, PageRequest(last=2))

        assert ids(part) == five[3:]
        assert (part.has_next, part.has_previous) == (False, True)

    async def test_those_before_an_item_end_right_before_it(self, database: Database, five: list[UUID]) -> None:
        part = await page(database, ASCENDING, PageRequest(last=2, before=Position(2, five[2])))

        assert ids(part) == five[:2]
        assert (part.has_next, part.has_previous) == (True, False)

    async def test_between_two_items_is_what_lies_between(self, database: Database, five: list[UUID]) -> None:
        between = PageRequest(first=100, after=Position(1, five[0]), before=Position(4, five[4]))

        assert ids(await page(database, ASCENDING, between)) == five[1:4]

    async def test_an_item_that_has_gone_still_marks_its_place(self, database: Database, five: list[UUID]) -> None:
        async with database.engine.begin() as connection:
            await connection.execute(delete(Collection).where(Collection.id == five[1]))
        part = await page(database, ASCENDING, PageRequest(first=1, after=Position(2, five[1])))

        assert ids(part) == [five[2]]
        assert part.total == 4

    async def test_an_exact_fit_has_nothing_behind_it(self, database: Database, five: list[UUID]) -> None:
        part = await page(database, ASCENDING, PageRequest(first=5))

        assert (len(part.items), part.has_next, part.has_previous) == (5, False, False)

    async def test_an_empty_list_is_an_empty_page(self, database: Database) -> None:
        part = await page(database, ASCENDING, PageRequest())

        assert (part.items, part.positions, part.has_next, part.has_previous, part.total) == ([], [], False, False, 0)


class TestPagesOfManyLists:
    @ON_ONE_DATABASE
    @given(
        rows=ROWS,
        count=st.integers(1, 4),
        key=st.sampled_from(sorted(KEYS)),
        size=st.integers(1, 5),
        descending=st.booleans(),
        backward=st.booleans(),
        data=st.data(),
    )
    async def test_are_those_of_each_list_alone(
        self,
        database: Database,
        library: Library,
        *,
        rows: list[tuple[int, UUID]],
        count: int,
        key: str,
        size: int,
        descending: bool,
        backward: bool,
        data: st.DataObject,
    ) -> None:
        owners = [await library.user(email=f"{uuid4()}@example.org") for _ in range(count)]
        await fill(database, owners[0], rows[::count])
        for at, owner in enumerate(owners[1:], start=1):
            await put(database, owner, rows[at::count])
        places = st.sampled_from([None, *(Position(KEYS[key][1](number), each) for number, each in rows)])
        after, before = data.draw(places), data.draw(places)
        request = PageRequest(None, after, size, before) if backward else PageRequest(size, after, None, before)
        order = Order(KEYS[key][0], Collection.id, is_descending=descending)
        asked = [*(owner.id for owner in owners), uuid4(), owners[0].id]

        async with database.transaction(ACCOUNTS) as session:
            each = {
                owner: await paginate(session, select(Collection).where(Collection.owner_id == owner), order, request)
                for owner in asked
            }
            found = await paginate_each(
                session, select(Collection), order, request, parent=Collection.owner_id, parents=asked
            )

        assert found == each


class TestARequest:
    @pytest.mark.parametrize(
        ("first", "last", "size"), [(None, None, 20), (7, None, 7), (None, 100, 100), (1, None, 1)]
    )
    def test_its_size_is_what_is_asked_for_or_twenty(self, first: int | None, last: int | None, size: int) -> None:
        assert PageRequest(first=first, last=last).size == size

    @pytest.mark.parametrize(("first", "last"), [(0, None), (101, None), (-1, None), (None, 0), (None, 101), (5, 5)])
    def test_what_is_out_of_bounds_is_refused(self, first: int | None, last: int | None) -> None:
        with pytest.raises(InvalidInput):
            PageRequest(first=first, last=last)
