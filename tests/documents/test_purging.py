import asyncio
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.blob_store import InMemoryBlobs
from lexora_gql.documents import purging
from lexora_gql.documents.models import Document, Purge
from lexora_gql.documents.purging import Purged, Purging
from lexora_gql.ports.blob_store import BlobStoreAway
from lexora_gql.telemetry.metrics import Metrics
from tests.documents.desk import Desk
from tests.factories import Library


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


async def deleted(desk: Desk, viewer: Viewer, count: int = 1) -> list[Document]:
    """Return documents that were uploaded and deleted, and whose bytes are still there."""
    documents = [await desk.upload(viewer, f"Text {n}.") for n in range(count)]
    for document in documents:
        await desk.documents.delete(viewer, document.id)
    return documents


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


class SilentBlobs(InMemoryBlobs):
    """A store that says nothing at all where it is asked to delete."""

    async def delete(self, key: str) -> None:
        await asyncio.Event().wait()


class TestPurging:
    async def test_whoever_comes_next_removes_what_a_lost_process_deleted(self, desk: Desk, viewer: Viewer) -> None:
        [document] = await deleted(desk, viewer)
        assert set(desk.blobs.blobs) == {document.blob_key}

        # Nothing of the process that deleted is left but the row.
        another = Purging(desk.database, desk.blobs, Metrics.create())
        await another.tend()

        assert (desk.blobs.blobs, await desk.count(Purge)) == ({}, 0)
        assert sample(another.metrics, "purges_total", outcome="removed") == 1

    async def test_one_blob_that_cannot_go_does_not_keep_the_others(self, desk: Desk, viewer: Viewer) -> None:
        documents = await deleted(desk, viewer, 3)
        # No key at all: the store refuses it, as a bucket would that is not ours.
        await desk.change(Purge, Purge.blob_key == documents[0].blob_key, blob_key="../stuck")

        assert await desk.purging.purge() == Purged(removed=2, failed=1)

        assert set(desk.blobs.blobs) == {documents[0].blob_key}
        [left] = await desk.rows(Purge)
        assert (left.blob_key, left.attempts) == ("../stuck", 1)

    async def test_more_than_a_batch_goes_in_one_go(self, desk: Desk, library: Library, viewer: Viewer) -> None:
        collection_id = await library.collection(viewer)
        await library.waiting(viewer, 130, collection_id=collection_id)
        await desk.collections.delete(viewer, collection_id)
        assert await desk.count(Purge) == 130

        assert await desk.purging.purge() == Purged(removed=130, failed=0)
        assert await desk.count(Purge) == 0

    async def test_what_was_tried_least_comes_first(
        self, desk: Desk, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(purging, "BATCH", 1)
        documents = await deleted(desk, viewer, 2)
        await desk.change(Purge, Purge.blob_key == documents[0].blob_key, blob_key="../stuck", attempts=7)

        assert await desk.purging.purge() == Purged(removed=1, failed=1)


class TestAStoreThatIsAway:
    async def test_it_is_asked_more_and_more_seldom_until_it_is_back(
        self, desk: Desk, viewer: Viewer, logged: list[MutableMapping[str, Any]]
    ) -> None:
        await deleted(desk, viewer)
        desk.blobs.trouble = BlobStoreAway()
        now = 0.0
        purging = Purging(desk.database, desk.blobs, desk.metrics, clock=lambda: now)

        while now < 100:
            await purging.tend()
            now += 1.0
        desk.blobs.trouble = None
        while desk.blobs.blobs:
            await purging.tend()
            now += 1.0

        waits = [entry["again_after_seconds"] for entry in logged if entry["event"] == "purge_put_off"]
        assert waits == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
        assert now < 100 + 30
        assert await desk.count(Purge) == 0
        assert sample(desk.metrics, "purges_total", outcome="failed") == 7

    async def test_a_restart_after_a_long_time_asks_once_and_waits(self, desk: Desk, viewer: Viewer) -> None:
        await deleted(desk, viewer)
        await desk.change(Purge, created_at=func.now() - timedelta(days=1))
        desk.blobs.trouble = BlobStoreAway()
        tending = desk.purging

        for _ in range(5):
            await tending.tend()

        assert [purge.attempts for purge in await desk.rows(Purge)] == [1]

    async def test_one_that_says_nothing_is_not_waited_for(
        self, desk: Desk, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(purging, "REPLY_SECONDS", 0.05)
        await deleted(desk, viewer, 3)

        async with asyncio.timeout(5):
            assert await Purging(desk.database, SilentBlobs(), desk.metrics).purge() == Purged(removed=0, failed=3)

    async def test_the_metrics_tell_how_much_waits_and_for_how_long(self, desk: Desk, viewer: Viewer) -> None:
        assert (await desk.purging.waiting()).count == 0
        await deleted(desk, viewer, 2)
        await desk.change(Purge, created_at=func.now() - timedelta(minutes=2))

        waiting = await desk.purging.waiting()

        assert waiting.count == 2
        assert 120 <= waiting.oldest_seconds < 180
