import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.documents.models import CollectionAccess, Document
from lexora_gql.errors import NotFound
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.documents.desk import Desk
from tests.factories import Library


async def have_failed(desk: Desk, *, is_retryable: bool = True, ids: Sequence[UUID] = ()) -> None:
    """Let the documents named, or all, have FAILED."""
    which = [Document.id.in_(ids)] if ids else []
    await desk.change(
        Document,
        *which,
        status="FAILED",
        failure_code="EMBEDDER_UNAVAILABLE",
        failure_message="Because.",
        failure_is_retryable=is_retryable,
        failed_at=func.clock_timestamp(),
        attempt=5,
    )


async def states(desk: Desk) -> list[str]:
    """Return where the documents stand, in the order of their upload."""
    return [row.status for row in sorted(await desk.rows(Document), key=lambda row: row.created_at)]


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


class EagerWorker(InMemoryEvents):
    """Reads all that is due before whoever rings can look again.

    Attributes:
        readings: How often there was something.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.readings = 0
        self._quiet = replace(desk, bus=InMemoryEvents())

    async def ring(self, topic: str) -> None:
        self.readings += await self._quiet.count(Document, Document.status == "PENDING") > 0
        await self._quiet.read()


class TestStartingAgain:
    async def test_what_is_worth_it_is_read_from_the_beginning_and_nothing_else_is_touched(
        self, desk: Desk, viewer: Viewer
    ) -> None:
        ready = await desk.upload(viewer, "Ready.")
        await desk.read()
        passing, hopeless = await desk.upload(viewer, "Passing."), await desk.upload(viewer, "Hopeless.")
        await have_failed(desk, ids=[passing.id])
        await have_failed(desk, ids=[hopeless.id], is_retryable=False)
        pending = await desk.upload(viewer, "Pending.")
        position, before = await desk.feed.position(viewer), await desk.row(ready.id)

        assert await desk.documents.reprocess_failed(viewer, None) == 1

        row = await desk.row(passing.id)
        assert (row.status, row.attempt, row.failure_code, row.failure_message) == ("PENDING", 0, None, None)
        assert (await desk.row(hopeless.id)).status == "FAILED"
        assert (await desk.row(pending.id)).queued_at == pending.queued_at
        assert (await desk.row(ready.id)).updated_at == before.updated_at
        # Whoever watches is told of it, and of nothing else.
        assert await desk.feed.position(viewer) == position + 1
        await desk.read()
        assert await states(desk) == ["READY", "READY", "FAILED", "READY"]
        assert await desk.documents.reprocess_failed(viewer, None) == 0

    async def test_a_worker_is_rung_for_where_anything_was_started(self, desk: Desk, viewer: Viewer) -> None:
        await desk.upload(viewer, "Text.")
        await have_failed(desk)
        rings = await desk.queue.depth()
        assert rings is not None

        await desk.documents.reprocess_failed(viewer, None)
        assert await desk.queue.depth() == rings + 1
        await desk.documents.reprocess_failed(viewer, None)
        assert await desk.queue.depth() == rings + 1

    async def test_more_than_a_batch_are_all_started_and_told_of(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        await library.waiting(viewer, 1_234)
        await have_failed(desk)

        assert await desk.documents.reprocess_failed(viewer, None) == 1_234

        assert await desk.count(Document, Document.status == "PENDING") == 1_234
        assert await desk.feed.position(viewer) == 1_234

    async def test_of_two_at_once_each_document_is_started_by_one(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        await library.waiting(viewer, 600)
        await have_failed(desk)

        started = await asyncio.gather(*(desk.documents.reprocess_failed(viewer, None) for _ in range(4)))

        assert sum(started) == 600
        assert await desk.feed.position(viewer) == 600

    async def test_it_ends_though_everything_fails_again_at_once(self, desk: Desk, viewer: Viewer) -> None:
        texts = [f"Poison {n}." for n in range(20)]
        for text in texts:
            desk.extractor.failures[text] = ExtractionFailed("CORRUPT", "Because.", is_retryable=True)
            await desk.upload(viewer, text)
        await desk.read()
        desk.bus = bell = EagerWorker(desk)

        async with asyncio.timeout(20):
            assert await desk.documents.reprocess_failed(viewer, None) == 20

        assert bell.readings == 1
        assert await states(desk) == ["FAILED"] * 20


class TestWhose:
    async def test_one_collection_alone(self, desk: Desk, library: Library, viewer: Viewer) -> None:
        collection_id = await library.collection(viewer)
        await desk.upload(viewer, "In the personal one.")
        await desk.upload(viewer, "In another.", collection_id=collection_id)
        await have_failed(desk)

        assert await desk.documents.reprocess_failed(viewer, collection_id) == 1

        assert await states(desk) == ["FAILED", "PENDING"]

    async def test_those_of_all_who_let_one_edit_and_of_nobody_else(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        for access in (CollectionAccess.EDITOR, CollectionAccess.VIEWER, None):
            owner = await library.reader()
            collection_id = await library.collection(owner)
            if access is not None:
                await library.share(collection_id, viewer, access)
            await desk.upload(owner, "Theirs.", collection_id=collection_id)
        await desk.upload(viewer, "Mine.")
        await have_failed(desk)

        assert await desk.documents.reprocess_failed(viewer, None) == 2

        assert await states(desk) == ["PENDING", "FAILED", "FAILED", "PENDING"]

    async def test_a_collection_that_one_may_not_change_is_none(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        owner = await library.reader()
        shared, hidden = await library.collection(owner), await library.collection(owner)
        await library.share(shared, viewer, CollectionAccess.VIEWER)
        await desk.upload(owner, "Theirs.", collection_id=shared)
        await have_failed(desk)

        for collection_id in (shared, hidden, uuid4()):
            with pytest.raises(NotFound) as raised:
                await desk.documents.reprocess_failed(viewer, collection_id)
            assert raised.value.path == ("collectionId",)

        assert await states(desk) == ["FAILED"]
