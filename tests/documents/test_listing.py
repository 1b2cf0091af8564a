from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.models import CollectionAccess, Document, DocumentStatus
from lexora_gql.documents.repository import DocumentFilter, DocumentOrder
from lexora_gql.errors import InvalidInput
from lexora_gql.storage.keyset import Page, PageRequest
from tests.documents.desk import LONG_TEXT, Desk
from tests.factories import Library

START = datetime(2026, 3, 1, tzinfo=UTC)
ALL = DocumentFilter()
Shelf = dict[str, Document]


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


@pytest.fixture
async def shelf(desk: Desk, library: Library, viewer: Viewer) -> Shelf:
    """Five documents of a viewer, an hour apart, and one of somebody else's."""
    minutes = await library.collection(viewer, "Minutes")
    shelf = {
        "terms": await desk.upload(viewer, "Terms.", "Terms.txt", tags=["legal", "2026"]),
        "strasse": await desk.upload(viewer, "Straße, in full.", "strasse.md", title="Die große STRAẞE"),
        "march": await desk.upload(viewer, "March, at some length.", "m3.txt", title="March", collection_id=minutes),
        "april": await desk.upload(viewer, "  ", "m4.txt", title="April", collection_id=minutes, tags=["2026"]),
        "percent": await desk.upload(viewer, "100%", "100%_sure.txt", title="ÉCLAIR"),
    }
    await desk.upload(await library.reader(), "Terms of others.", "Terms.txt", tags=["legal", "2026"])
    await desk.read()
    for hour, document in enumerate(shelf.values()):
        await desk.change(Document, Document.id == document.id, created_at=START + timedelta(hours=hour))
    return shelf


class TestFilters:
    @pytest.mark.parametrize(
        ("which", "expected"),
        [
            (ALL, "terms strasse march april percent"),
            (DocumentFilter(statuses=[DocumentStatus.FAILED]), "april"),
            (DocumentFilter(statuses=[DocumentStatus.READY]), "terms strasse march percent"),
            (DocumentFilter(statuses=[]), ""),
            (DocumentFilter(tags=["2026"]), "terms april"),
            (DocumentFilter(tags=["2026", "legal"]), "terms"),
            (DocumentFilter(tags=[]), "terms strasse march april percent"),
            (DocumentFilter(tags=["LEGAL"]), ""),
            (DocumentFilter(search="TERM"), "terms"),
            (DocumentFilter(search="straße"), "strasse"),
            (DocumentFilter(search="STRAẞE"), "strasse"),
            (DocumentFilter(search="éclair"), "percent"),
            (DocumentFilter(search="%_"), "percent"),
            (DocumentFilter(search="m4.txt"), "april"),
            (DocumentFilter(search=""), "terms strasse march april percent"),
            (DocumentFilter(created_after=START + timedelta(hours=3)), "percent"),
            (DocumentFilter(created_before=START + timedelta(hours=1)), "terms"),
            (DocumentFilter(created_after=START, created_before=START + timedelta(hours=2), search="e"), "strasse"),
        ],
    )
    async def test_what_is_given_must_all_hold(
        self, desk: Desk, viewer: Viewer, shelf: Shelf, which: DocumentFilter, expected: str
    ) -> None:
        page = await desk.documents.documents(viewer, PageRequest(), filter=which, order=DocumentOrder.CREATED_AT_ASC)

        assert [row.id for row in page.items] == [shelf[name].id for name in expected.split()]
        assert page.total == len(expected.split())

    async def test_a_collection_narrows_to_what_is_in_it(self, desk: Desk, viewer: Viewer, shelf: Shelf) -> None:
        which = DocumentFilter(collection_id=shelf["march"].collection_id)

        page = await desk.documents.documents(viewer, PageRequest(), filter=which, order=DocumentOrder.CREATED_AT_ASC)

        assert [row.title for row in page.items] == ["March", "April"]

    async def test_an_owner_narrows_to_what_they_put_there(
        self, desk: Desk, library: Library, viewer: Viewer, shelf: Shelf
    ) -> None:
        editor = await library.reader()
        await library.share(shelf["march"].collection_id, editor, CollectionAccess.EDITOR)
        theirs = await desk.upload(editor, "Theirs.", collection_id=shelf["march"].collection_id)

        page = await desk.documents.documents(
            viewer, PageRequest(), filter=DocumentFilter(owner_id=editor.user_id), order=DocumentOrder.CREATED_AT_ASC
        )

        assert [row.id for row in page.items] == [theirs.id]

    @pytest.mark.parametrize(
        "which",
        [
            DocumentFilter(search="x" * 301),
            DocumentFilter(search="a\0b"),
            DocumentFilter(search="\ud800"),
            DocumentFilter(tags=["a\0b"]),
            DocumentFilter(tags=["\ud800"]),
            DocumentFilter(tags=["x" * 65]),
        ],
    )
    async def test_what_no_text_may_hold_is_refused(self, desk: Desk, viewer: Viewer, which: DocumentFilter) -> None:
        with pytest.raises(InvalidInput):
            await desk.documents.documents(viewer, PageRequest(), filter=which, order=DocumentOrder.CREATED_AT_ASC)

    @pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
    async def test_the_ends_of_time_are_moments_like_any_other(
        self, desk: Desk, viewer: Viewer, shelf: Shelf, moment: datetime
    ) -> None:
        which = DocumentFilter(created_after=moment)

        page = await desk.documents.documents(viewer, PageRequest(), filter=which, order=DocumentOrder.CREATED_AT_ASC)

        assert page.total == (len(shelf) if moment.year == 1 else 0)


class TestOrders:
    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (DocumentOrder.CREATED_AT_ASC, "terms strasse march april percent"),
            (DocumentOrder.CREATED_AT_DESC, "percent april march strasse terms"),
            (DocumentOrder.BYTE_SIZE_DESC, "march strasse terms percent april"),
            (DocumentOrder.TITLE_ASC, "april strasse march terms percent"),
        ],
    )
    async def test_pages_of_any_size_give_the_whole_list_in_order_from_both_ends(
        self, desk: Desk, viewer: Viewer, shelf: Shelf, order: DocumentOrder, expected: str
    ) -> None:
        async def page(request: PageRequest) -> Page[Document]:
            return await desk.documents.documents(viewer, request, filter=ALL, order=order)

        ids = [shelf[name].id for name in expected.split()]
        for size in (1, 2, 5):
            assert [row.id for row in await forward(page, size)] == ids
            assert [row.id for row in await backward(page, size)] == ids

    async def test_the_same_key_is_ordered_by_id_and_nothing_is_lost(self, desk: Desk, viewer: Viewer) -> None:
        documents = [await desk.upload(viewer, f"Text {n}.", title="The same") for n in range(7)]

        async def page(request: PageRequest) -> Page[Document]:
            return await desk.documents.documents(viewer, request, filter=ALL, order=DocumentOrder.TITLE_ASC)

        listed = [row.id for row in await forward(page, 2)]
        assert listed == sorted(row.id for row in documents)


Pages = Callable[[PageRequest], Awaitable[Page[Document]]]


async def forward(pages: Pages, size: int) -> list[Document]:
    """Read a list from its beginning."""
    page = await pages(PageRequest(first=size))
    items = list(page.items)
    while page.has_next:
        page = await pages(PageRequest(first=size, after=page.positions[-1]))
        items += page.items
    return items


async def backward(pages: Pages, size: int) -> list[Document]:
    """Read a list from its end."""
    page = await pages(PageRequest(last=size))
    items = list(page.items)
    while page.has_previous:
        page = await pages(PageRequest(last=size, before=page.positions[0]))
        items = [*page.items, *items]
    return items


class TestText:
    async def test_stretches_count_in_characters(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.upload(viewer, "Ä日🙂 opens at noon.")
        assert await desk.documents.text(viewer, document.id, start=0, end=None) is None
        await desk.read()

        async def text(start: int, end: int | None) -> str | None:
            return await desk.documents.text(viewer, document.id, start=start, end=end)

        assert await text(0, None) == "Ä日🙂 opens at noon."
        assert await text(1, 3) == "日🙂"
        assert await text(2, 2) == ""
        assert await text(13, 100) == "noon."
        assert await text(19, None) == ""
        assert await text(2**31 - 2, None) == ""

    @pytest.mark.parametrize(
        ("start", "end"), [(-1, None), (5, 4), (0, 100_001), (2**31 - 1, None), (2**31 - 1, 2**31 - 1)]
    )
    async def test_what_is_out_of_bounds_is_refused(
        self, desk: Desk, viewer: Viewer, start: int, end: int | None
    ) -> None:
        document = await desk.upload(viewer, "Text.")
        await desk.read()

        with pytest.raises(InvalidInput):
            await desk.documents.text(viewer, document.id, start=start, end=end)

    async def test_no_call_gives_more_than_a_hundred_thousand_characters(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        document = await library.document(viewer, "x" * 99_998 + "yzzz")

        whole = await desk.documents.text(viewer, document.id, start=0, end=None)

        assert whole is not None
        assert (len(whole), whole[-3:]) == (100_000, "xyz")
        assert await desk.documents.text(viewer, document.id, start=2, end=100_002) == "x" * 99_996 + "yzzz"


class TestChunks:
    async def test_they_come_in_pages_in_the_order_of_the_text(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.upload(viewer, LONG_TEXT)
        await desk.read()

        first = await desk.documents.chunks(viewer, document.id, PageRequest(first=3))
        rest = await desk.documents.chunks(viewer, document.id, PageRequest(first=3, after=first.positions[-1]))

        assert [chunk.ordinal for chunk in [*first.items, *rest.items]] == [0, 1, 2, 3, 4]
        assert (first.total, first.has_next, rest.has_next) == (5, True, False)

    async def test_they_are_found_by_id(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.upload(viewer, LONG_TEXT)
        await desk.read()
        ids = [chunk.id for chunk in await desk.chunks(document.id)]

        found = await desk.documents.chunks_by_ids(viewer, [*ids[:2], uuid4()])

        assert set(found) == set(ids[:2])


class TestFiles:
    async def test_the_original_is_given_in_stretches(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.upload(viewer, "Ünder", "a b.txt")

        stored = await desk.documents.open_file(viewer, document.id)

        assert stored is not None
        assert (stored.filename, stored.media_type, stored.byte_size) == ("a b.txt", "text/plain", 6)
        assert b"".join([piece async for piece in stored.read(0, None)]) == "Ünder".encode()
        assert b"".join([piece async for piece in stored.read(2, 4)]) == b"nd"


class TestOthers:
    async def test_nothing_of_somebody_else_is_there(self, desk: Desk, library: Library, viewer: Viewer) -> None:
        document = await desk.upload(viewer, LONG_TEXT, tags=["mine"])
        await desk.read()
        chunk_ids = [chunk.id for chunk in await desk.chunks(document.id)]
        stranger = await library.reader()

        for who in (stranger, replace(viewer, user_id=uuid4())):
            assert await desk.documents.document(who, document.id) is None
            assert await desk.documents.by_ids(who, [document.id]) == {}
            assert await desk.documents.text(who, document.id, start=0, end=None) is None
            assert (await desk.documents.chunks(who, document.id, PageRequest())).total == 0
            assert await desk.documents.chunks_by_ids(who, chunk_ids) == {}
            assert await desk.documents.open_file(who, document.id) is None
            which = DocumentFilter(collection_id=document.collection_id)
            listed = await desk.documents.documents(who, PageRequest(), filter=which, order=DocumentOrder.TITLE_ASC)
            assert (list(listed.items), listed.total) == ([], 0)
