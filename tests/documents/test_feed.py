import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import cast
from uuid import UUID, uuid4

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.feed import Change
from lexora_gql.documents.models import CollectionAccess
from lexora_gql.errors import InvalidInput
from tests.documents.desk import LONG_TEXT, Desk
from tests.factories import Library


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


@asynccontextmanager
async def watching(
    desk: Desk, viewer: Viewer, *, ids: list[UUID] | None = None, after: int | None = None
) -> AsyncIterator[AsyncGenerator[Change, None]]:
    """Subscribe, and hang up at the end."""
    changes = desk.feed.changes(viewer, document_ids=ids, after=after)
    async with aclosing(cast("AsyncGenerator[Change, None]", changes)) as events:
        yield events


async def take(events: AsyncGenerator[Change, None], count: int) -> list[Change]:
    """Return the next so many changes."""
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(count)]


async def assert_silent(events: AsyncGenerator[Change, None]) -> None:
    """Check that nothing is told, and end the subscription."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(events), 0.4)


class TestThePresent:
    async def test_what_is_not_finished_comes_first(self, desk: Desk, viewer: Viewer) -> None:
        await desk.upload(viewer, "Finished.")
        await desk.read()
        waiting = [(await desk.upload(viewer, f"Text {n}.")).id for n in range(3)]

        async with watching(desk, viewer) as events:
            present = await take(events, 3)
            assert [change.document_id for change in present] == waiting
            assert {change.document.status for change in present if change.document} == {"PENDING"}
            await assert_silent(events)

    async def test_of_named_documents_each_is_told_whatever_its_state(self, desk: Desk, viewer: Viewer) -> None:
        ready = await desk.upload(viewer, "Ready.")
        failed = await desk.upload(viewer, "  ")
        await desk.read()
        deleted = await desk.upload(viewer, "Deleted.")
        await desk.documents.delete(viewer, deleted.id)
        await desk.upload(viewer, "Not asked for.")

        async with watching(desk, viewer, ids=[deleted.id, failed.id, ready.id, uuid4()]) as events:
            told = {change.document_id: change.document for change in await take(events, 3)}
            await assert_silent(events)

        assert told[deleted.id] is None
        states = [document.status for document in (told[ready.id], told[failed.id]) if document]
        assert states == ["READY", "FAILED"]

    async def test_who_is_cut_off_in_the_middle_is_told_the_rest(self, desk: Desk, viewer: Viewer) -> None:
        waiting = [(await desk.upload(viewer, f"Text {n}.")).id for n in range(5)]

        for told in range(1, 5):
            async with watching(desk, viewer) as events:
                before = await take(events, told)
            async with watching(desk, viewer, after=before[-1].number) as events:
                rest = await take(events, 5 - told)

            assert [change.document_id for change in [*before, *rest]] == waiting

    async def test_more_than_a_batch_is_told_whole(self, desk: Desk, library: Library, viewer: Viewer) -> None:
        rows = await library.waiting(viewer, 450)

        async with watching(desk, viewer) as events:
            told = await take(events, 450)

        assert {change.document_id for change in told} == {row.id for row in rows}

    async def test_more_than_a_thousand_are_too_many_to_watch(self, desk: Desk, viewer: Viewer) -> None:
        async with watching(desk, viewer, ids=[uuid4() for _ in range(1_001)]) as events:
            with pytest.raises(InvalidInput):
                await anext(events)


class TestChanges:
    async def test_after_the_position_everything_is_told_to_the_end(self, desk: Desk, viewer: Viewer) -> None:
        position = await desk.feed.position(viewer)
        document = await desk.upload(viewer, LONG_TEXT)

        async with watching(desk, viewer, after=position) as events:
            first = (await take(events, 1))[0]
            assert first.document is not None
            assert (first.number, first.document_id, first.document.status) == (1, document.id, "PENDING")
            reading = asyncio.create_task(desk.read())
            last = first
            while last.document is not None and last.document.status != "READY":
                [last] = await take(events, 1)
            await reading
            await desk.documents.delete(viewer, document.id)
            [gone] = await take(events, 1)

        assert (gone.document_id, gone.document) == (document.id, None)
        assert first.number < last.number < gone.number

    async def test_changes_in_the_meantime_become_one(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.upload(viewer, LONG_TEXT)
        await desk.read()
        await desk.documents.reprocess(viewer, document.id)
        await desk.read()

        async with watching(desk, viewer, after=0) as events:
            [change] = await take(events, 1)
            await assert_silent(events)

        assert change.document is not None
        assert (change.document.status, change.number) == ("READY", await desk.feed.position(viewer))

    async def test_named_documents_alone_are_told(self, desk: Desk, viewer: Viewer) -> None:
        watched = await desk.upload(viewer, "Watched.")

        async with watching(desk, viewer, ids=[watched.id], after=0) as events:
            assert (await take(events, 1))[0].document_id == watched.id
            await desk.upload(viewer, "Another.")
            await assert_silent(events)

    async def test_a_bell_is_heard_at_once(self, desk: Desk, viewer: Viewer) -> None:
        async with watching(desk, viewer, after=0) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.1)
            document = await desk.upload(viewer, "Text.")

            async with asyncio.timeout(1):
                assert (await waiting).document_id == document.id

    async def test_without_bells_it_is_looked_for(self, desk: Desk, viewer: Viewer) -> None:
        async with watching(desk, viewer, after=0) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.1)
            # It goes away in the middle of the waiting: that, too, is noticed.
            desk.bus.go_away()
            document = await desk.upload(viewer, "Text.")

            async with asyncio.timeout(6):
                assert (await waiting).document_id == document.id

    async def test_two_who_watch_are_told_the_same(self, desk: Desk, viewer: Viewer) -> None:
        async with watching(desk, viewer, after=0) as one, watching(desk, viewer, after=0) as other:
            document = await desk.upload(viewer, "Text.")
            assert [change.document_id for change in await take(one, 1)] == [document.id]
            assert [change.document_id for change in await take(other, 1)] == [document.id]


class TestOthers:
    async def test_members_are_told_and_strangers_are_not(self, desk: Desk, library: Library, viewer: Viewer) -> None:
        member, stranger = await library.reader(), await library.reader()
        collection_id = await library.collection(viewer)
        await library.share(collection_id, member, CollectionAccess.VIEWER)

        document = await desk.upload(viewer, "Text.", collection_id=collection_id)

        async with watching(desk, member, after=0) as events:
            assert [change.document_id for change in await take(events, 1)] == [document.id]
        for ids in (None, [document.id]):
            for after in (None, 0):
                async with watching(desk, stranger, ids=ids, after=after) as events:
                    await assert_silent(events)
        assert await desk.feed.position(stranger) == 0
