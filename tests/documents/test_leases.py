import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.documents.changes import feed_topic
from lexora_gql.documents.errors import LeaseLost
from lexora_gql.documents.leases import Claim, Failure, LeaseRepository
from lexora_gql.documents.models import (
    CachedVector,
    Chunk,
    Document,
    DocumentStatus,
    IngestionFailureCode,
    IngestionStage,
)
from lexora_gql.documents.publishing import Reading
from lexora_gql.documents.splitting import split
from lexora_gql.documents.vectors import to_bytes
from lexora_gql.ports.event_bus import heard
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.storage.database import WORKER
from lexora_gql.workers.jobs import Slots
from tests.documents.desk import LONG_TEXT, Desk, GatedEmbedder
from tests.documents.one_set import flaws
from tests.documents.test_turns import claimed
from tests.factories import Library


async def run_out(desk: Desk) -> None:
    """Let every lease end now, and the reconciler see it; who still renews one may come between."""
    while await desk.count(Document, Document.lease_token.is_not(None)):
        await desk.change(Document, Document.lease_token.is_not(None), lease_until=Document.created_at)
        await desk.reconciler.reconcile()


async def publish(desk: Desk, claim: Claim) -> None:
    """Commit a reading of LONG_TEXT."""
    passages = split(ExtractedText(LONG_TEXT), characters=200, overlap=20)
    vectors = to_bytes(await HashingEmbedder().embed([passage.text for passage in passages]))
    reading = Reading(ExtractedText(LONG_TEXT), passages, [""] * len(passages), vectors, "hashing:words:64")
    await desk.publisher.publish(claim, reading)


def in_transaction(
    step: Callable[[LeaseRepository, Claim], Awaitable[None]],
) -> Callable[[Desk, Claim], Awaitable[None]]:
    """Return a step of the repository as a worker takes it."""

    async def take(desk: Desk, claim: Claim) -> None:
        async with desk.database.transaction(WORKER) as session:
            await step(LeaseRepository(session), claim)

    return take


class LateBell(InMemoryEvents):
    """A bus that takes a tenth of a second, as one over a network may."""

    async def ring(self, topic: str) -> None:
        await asyncio.sleep(0.1)
        await super().ring(topic)


async def cancel_again_and_again(task: "asyncio.Task[Any]") -> None:
    """Do as who stops a worker and wants to be sure."""
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)


async def paid_for(desk: Desk) -> CachedVector:
    """Return a vector that is kept for the one document there is."""
    [document] = await desk.rows(Document)
    return CachedVector(document_id=document.id, embedder="hashing:words:64", content_sha256=b"x", vector=b"y")


async def told(desk: Desk, *, fraction: float) -> None:
    """Wait until the one document there is says that it is so far."""
    async with asyncio.timeout(5):
        while True:
            [row] = await desk.rows(Document)
            if row.fraction >= fraction:
                return
            await asyncio.sleep(0.02)


FAILURE = Failure(IngestionFailureCode.CORRUPT, "Because.", False, IngestionStage.PARSING)
STEPS: dict[str, Callable[[Desk, Claim], Awaitable[None]]] = {
    "publish": publish,
    "renew": in_transaction(lambda leases, claim: leases.renew(claim, None, seconds=20)),
    "give back": in_transaction(lambda leases, claim: leases.give_back(claim)),
    "try again": in_transaction(lambda leases, claim: leases.try_again(claim, after_seconds=1)),
    "fail": in_transaction(lambda leases, claim: leases.fail(claim, FAILURE)),
}


class SlowBell(InMemoryEvents):
    """A bus whose bells take their time.

    Attributes:
        rung: Set when somebody begins to ring.
        gate: Set to let them go on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rung = asyncio.Event()
        self.gate = asyncio.Event()

    async def ring(self, topic: str) -> None:
        self.rung.set()
        await self.gate.wait()
        await super().ring(topic)


class TestLosingALease:
    async def test_who_wakes_after_the_lease_writes_nothing(self, desk: Desk, library: Library) -> None:
        """A worker is frozen while it embeds; another reads the document; then the first goes on."""
        document = await desk.upload(await library.reader(), LONG_TEXT)
        gated = GatedEmbedder()
        desk.embedder = gated
        frozen_claim = await claimed(desk)
        frozen = asyncio.create_task(desk.ingestion.ingest(frozen_claim))
        await gated.asked.wait()
        await run_out(desk)
        await replace(desk, embedder=HashingEmbedder()).read()
        before = await desk.chunks(document.id)

        gated.gate.set()
        await frozen

        row, after = await desk.row(document.id), await desk.chunks(document.id)
        assert [chunk.id for chunk in after] == [chunk.id for chunk in before]
        assert flaws(row, await desk.text(document.id), after) == []
        assert (row.attempt, row.losses, row.revision) == (2, 1, 1)

    @pytest.mark.parametrize("step", STEPS)
    async def test_every_write_of_who_lost_the_lease_is_refused(self, desk: Desk, library: Library, step: str) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        old = await claimed(desk)
        await run_out(desk)
        new = await claimed(desk)
        assert new.document.id == old.document.id
        before = await desk.row(document.id)

        with pytest.raises(LeaseLost):
            await STEPS[step](desk, old)

        after = await desk.row(document.id)
        assert (after.lease_token, after.status, after.attempt) == (new.token, before.status, before.attempt)
        assert await desk.count(Chunk) == 0
        await STEPS[step](desk, new)

    async def test_a_worker_that_hears_nothing_of_its_lease_stops_working(self, desk: Desk, library: Library) -> None:
        await desk.upload(await library.reader(), LONG_TEXT)
        desk = desk.with_lease(2.0, renewal_seconds=0.05)
        gated = GatedEmbedder()
        desk.embedder = gated
        claim = await claimed(desk)
        working = asyncio.create_task(desk.ingestion.ingest(claim))
        await gated.asked.wait()

        await desk.change(Document, lease_token=uuid4())

        # The gate stays shut: only the keeper can have ended it.
        await asyncio.wait_for(working, 5)
        assert gated.texts_embedded == []

    async def test_a_lease_that_is_renewed_outlives_its_length(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        desk = desk.with_lease(0.5, renewal_seconds=0.1)
        gated = GatedEmbedder()
        desk.embedder = gated
        working = asyncio.create_task(desk.ingestion.ingest(await claimed(desk)))
        await gated.asked.wait()
        for _ in range(8):
            await asyncio.sleep(0.15)
            await desk.reconciler.reconcile()

        gated.gate.set()
        await working

        row = await desk.row(document.id)
        assert (row.status, row.attempt, row.losses) == ("READY", 1, 0)


class TestLongCommits:
    async def test_a_commit_that_outlasts_its_lease_is_not_taken_for_lost(
        self, desk: Desk, library: Library, logged: list[MutableMapping[str, Any]]
    ) -> None:
        """While it waits it holds the document's row, so nobody can take the document; and READY is announced."""
        viewer = await library.reader()
        document = await desk.upload(viewer, LONG_TEXT)
        desk = desk.with_lease(0.3, renewal_seconds=0.1)
        desk.bus = LateBell()
        async with desk.database.engine.begin() as holder:
            await holder.execute(text("SELECT FROM collections FOR NO KEY UPDATE"))
            working = asyncio.create_task(desk.ingestion.ingest(await claimed(desk)))
            await desk.waits_for_locks(1, saying="lexora_next_revision")
            await asyncio.sleep(0.8)
            await desk.reconciler.reconcile()
            assert (await desk.row(document.id)).losses == 0
        async with desk.bus.listen(feed_topic(viewer.user_id)) as bells:
            await working
            assert await heard(bells, within_seconds=1)

        assert [entry["outcome"] for entry in logged if entry["event"] == "document_processed"] == ["READY"]
        assert (await desk.row(document.id)).attempt == 1


class TestLosingWorkers:
    async def test_two_lost_workers_are_replaced(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        for _ in range(2):
            await claimed(desk)
            await run_out(desk)

        await desk.read()

        row = await desk.row(document.id)
        assert (row.status, row.losses, row.attempt) == ("READY", 2, 3)

    async def test_the_third_ends_it(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        for _ in range(3):
            await claimed(desk)
            await run_out(desk)

        row = await desk.row(document.id)
        assert (row.status, row.failure_code, row.failure_stage) == ("FAILED", "WORKER_LOST", "PARSING")
        assert row.failure_is_retryable
        assert await desk.ingestion.claim() is None

    async def test_nothing_is_left_of_what_they_paid_for(self, desk: Desk, library: Library) -> None:
        """The last of them wakes when all is over, and is not let near it."""
        await desk.upload(await library.reader(), LONG_TEXT)
        for _ in range(2):
            await claimed(desk)
            await run_out(desk)
        gated = desk.embedder = GatedEmbedder(is_costly=True)
        frozen = asyncio.create_task(desk.ingestion.ingest(await claimed(desk)))
        await gated.asked.wait()
        await library.add(await paid_for(desk))
        await run_out(desk)
        assert (await desk.rows(Document))[0].status == "FAILED"
        assert await desk.count(CachedVector) == 0

        gated.gate.set()
        await frozen

        assert await desk.count(CachedVector) == 0

    async def test_a_lease_that_has_not_run_out_is_left_alone(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        claim = await claimed(desk)

        await desk.reconciler.reconcile()

        assert (await desk.row(document.id)).lease_token == claim.token


class TestShuttingDown:
    async def test_a_document_given_back_costs_no_attempt(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        gated = GatedEmbedder()
        desk.embedder = gated
        slots = Slots(desk.ingestion, 1)
        slots.work_if_idle()
        await gated.asked.wait()

        await slots.stop()

        row = await desk.row(document.id)
        assert (row.status, row.attempt, row.losses, row.crashes) == ("PENDING", 0, 0, 0)
        assert (row.lease_token, row.stage) == (None, "QUEUED")

    async def test_what_was_told_of_the_attempt_does_not_fall_with_it(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        gated = desk.embedder = GatedEmbedder()
        slots = Slots(desk.ingestion, 1)
        slots.work_if_idle()
        await gated.asked.wait()
        await told(desk, fraction=0.55)

        await slots.stop()

        row, again = await desk.row(document.id), await claimed(desk)
        assert (row.attempt, row.fraction) == (0, 0.55)
        assert (again.document.attempt, again.document.fraction, again.document.stage) == (1, 0.55, "PARSING")

    @pytest.mark.parametrize("steps", range(0, 40, 4))
    async def test_a_stop_at_any_moment_costs_no_attempt(self, desk: Desk, library: Library, steps: int) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        slots = Slots(desk.ingestion, 1)
        slots.work_if_idle()
        for _ in range(steps):
            await asyncio.sleep(0.001)

        await slots.stop()

        row = await desk.row(document.id)
        assert (row.status, row.attempt) in [("PENDING", 0), ("READY", 1)]

    async def test_a_stop_while_the_document_is_taken_up_gives_it_back(self, desk: Desk, library: Library) -> None:
        """The claim is committed, but its bell is still being rung: nobody else knows of it yet."""
        document = await desk.upload(await library.reader(), LONG_TEXT)
        bus = desk.bus = SlowBell()
        claiming = asyncio.create_task(desk.ingestion.claim())
        await bus.rung.wait()
        assert (await desk.row(document.id)).status is DocumentStatus.PROCESSING

        await cancel_again_and_again(claiming)
        bus.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await claiming

        row = await desk.row(document.id)
        assert (row.status, row.attempt, row.lease_token) == ("PENDING", 0, None)

    async def test_a_stop_while_a_failure_is_written_down_keeps_the_failure(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), "  ")
        claim = await claimed(desk)
        async with desk.database.engine.begin() as holder:
            await holder.execute(text("SELECT FROM documents FOR UPDATE"))
            reading = asyncio.create_task(desk.ingestion.ingest(claim))
            await desk.waits_for_locks(1, saying="failure_code")
            await cancel_again_and_again(reading)

        with pytest.raises(asyncio.CancelledError):
            await reading

        row = await desk.row(document.id)
        assert (row.status, row.failure_code) == ("FAILED", "NO_TEXT")
