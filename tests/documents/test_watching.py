"""Whoever watches and reconnects, wherever the line was cut: nothing is missed, and it stays readable."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.documents import feed
from lexora_gql.documents.feed import Change
from lexora_gql.documents.models import Document
from lexora_gql.errors import AlreadyRunning, NotFound
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.workers.jobs import Slots
from tests.documents.desk import Desk
from tests.documents.test_feed import take, watching
from tests.factories import Library

SEED = 20_260_301
UPLOADS, AT_ONCE = 200, 40


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


States = dict[UUID, str | None]


async def write_at_random(desk: Desk, viewer: Viewer, dice: random.Random, writer: int, changes: int) -> None:
    """Upload, read, process again and delete, so many times."""
    mine: list[UUID] = []
    for n in range(changes):
        action = dice.choice(["upload", "read", "again", "delete"]) if mine else "upload"
        try:
            if action == "upload":
                mine.append((await desk.upload(viewer, f"Writer {writer}, text {n}.")).id)
            elif action == "read" and (claim := await desk.ingestion.claim()):
                await desk.ingestion.ingest(claim)
            elif action == "again":
                await desk.documents.reprocess(viewer, dice.choice(mine))
            elif action == "delete":
                await desk.documents.delete(viewer, mine.pop(dice.randrange(len(mine))))
        except (AlreadyRunning, NotFound):
            # Somebody else's reading is under way, or it went with its document.
            continue


async def follow(desk: Desk, viewer: Viewer, dice: random.Random, *, until: asyncio.Event) -> tuple[States, int]:
    """Watch from the beginning, hang up at random and go on after the last number; return what was told."""
    told: States = {}
    position = 0
    connections = 0
    while not (until.is_set() and position == await desk.feed.position(viewer)):
        connections += 1
        async with watching(desk, viewer, after=position) as events:
            for _ in range(dice.randrange(1, 6)):
                try:
                    change = await asyncio.wait_for(anext(events), 0.3)
                except TimeoutError:
                    break
                assert change.number > position, "numbers rise"
                position = change.number
                told[change.document_id] = change.document.status if change.document else None
    return told, connections


async def final_states(desk: Desk, told: States) -> States:
    """Return what should have been told in the end, of the documents told and of all there are."""
    present: States = {row.id: row.status for row in await desk.rows(Document)}
    return dict.fromkeys(told, None) | present


class TestEachStep:
    async def test_tells_of_the_document_that_it_changes_and_of_no_other(self, desk: Desk, viewer: Viewer) -> None:
        documents = {(await desk.upload(viewer, f"Text {n}.")).id for n in range(3)}
        numbers = [await desk.feed.position(viewer)]

        claim = await desk.ingestion.claim()
        assert claim is not None
        numbers.append(await desk.feed.position(viewer))
        await desk.ingestion.ingest(claim)
        numbers.append(await desk.feed.position(viewer))

        assert [later - earlier for earlier, later in pairwise(numbers)] == [1, 1]
        async with watching(desk, viewer, after=numbers[0]) as events:
            [change] = await take(events, 1)
        assert change.document_id == claim.document.id in documents
        assert change.number == numbers[-1]


class TestManyWriters:
    async def test_a_reader_who_reconnects_at_random_ends_with_the_final_states(
        self, desk: Desk, viewer: Viewer
    ) -> None:
        dice = random.Random(SEED)
        done = asyncio.Event()
        readers = [asyncio.create_task(follow(desk, viewer, random.Random(SEED + n), until=done)) for n in range(2)]
        writers = [write_at_random(desk, viewer, random.Random(dice.random()), n, 40) for n in range(5)]

        await asyncio.gather(*writers)
        done.set()

        for told, connections in await asyncio.gather(*readers):
            assert connections > 5
            assert None in told.values()
            assert told == await final_states(desk, told), f"seed {SEED}"


class TestEveryCut:
    async def test_whoever_goes_on_after_any_event_ends_with_the_final_states(self, desk: Desk, viewer: Viewer) -> None:
        watched = asyncio.create_task(everything(desk, viewer, until=3))
        dice = random.Random(SEED)
        await asyncio.gather(*(write_at_random(desk, viewer, random.Random(dice.random()), n, 40) for n in range(3)))
        for n in range(3):
            # What everyone waits for to know that it is over.
            await desk.upload(viewer, f"The end {n}.", "end.txt")
        events = await asyncio.wait_for(watched, 30)
        end = await desk.feed.position(viewer)

        for cut in range(len(events)):
            told = states_of(events[: cut + 1])
            async with watching(desk, viewer, after=events[cut].number) as stream:
                position = events[cut].number
                while position < end:
                    [change] = await take(stream, 1)
                    assert change.number > position, "numbers rise"
                    position = change.number
                    told |= states_of([change])
            assert told == await final_states(desk, told), f"seed {SEED}, cut after event {cut}"
        assert len(events) > 25
        assert None in states_of(events).values()

    async def test_who_was_away_for_long_is_told_at_once(
        self, desk: Desk, library: Library, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A pause between two batches would last to the end of this test and beyond.
        monkeypatch.setattr(feed, "PAUSE_SECONDS", 3_600.0)
        await library.waiting(viewer, 2_000)
        await desk.change(Document, status="FAILED", failure_is_retryable=True, failed_at=Document.created_at)
        await desk.documents.reprocess_failed(viewer, None)

        async with asyncio.timeout(60), watching(desk, viewer, after=0) as events:
            told = await take(events, 2_000)

        assert len({change.document_id for change in told}) == 2_000


async def everything(desk: Desk, viewer: Viewer, *, until: int) -> list[Change]:
    """Watch from the beginning to the documents that mark the end, without hanging up."""
    events: list[Change] = []
    ends: set[UUID] = set()
    async with watching(desk, viewer, after=0) as stream:
        while len(ends) < until:
            change = await anext(stream)
            events.append(change)
            if change.document is not None and change.document.filename == "end.txt":
                ends.add(change.document_id)
    return events


def states_of(events: list[Change]) -> States:
    """Return what was told last of each document."""
    return {change.document_id: change.document.status if change.document else None for change in events}


class Chatty(OfflineTextExtractor):
    """Tells of two hundred pages within half a second."""

    async def extract(
        self, path: Path, media_type: str, on_progress: Callable[[int, int | None], None]
    ) -> ExtractedText:
        for page in range(200):
            on_progress(page, 200)
            await asyncio.sleep(0.0025)
        return await super().extract(path, media_type, on_progress)


class TestReadability:
    async def test_two_hundred_uploads_are_told_a_few_times_a_second_each(
        self, desk: Desk, library: Library, viewer: Viewer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        desk.extractor = Chatty()
        for n in range(UPLOADS):
            await desk.upload(viewer, f"Text {n}.")
        slots = Slots(desk.ingestion, AT_ONCE)
        told: dict[UUID, list[tuple[float, Change]]] = defaultdict(list)
        ready: set[UUID] = set()
        async with watching(desk, viewer) as events, asyncio.timeout(60):
            for _ in range(AT_ONCE):
                slots.work_if_idle()
            while len(ready) < UPLOADS:
                change = await anext(events)
                told[change.document_id].append((time.perf_counter(), change))
                if change.document is not None and change.document.status == "READY":
                    ready.add(change.document_id)
        await slots.stop()

        moments = sorted(at for events_of in told.values() for at, _ in events_of)
        each = [len(events_of) for events_of in told.values()]
        most = max(most_within_a_second([at for at, _ in events_of]) for events_of in told.values())
        with capsys.disabled():
            seconds = moments[-1] - moments[0]
            print(  # a measurement
                f"\n{UPLOADS} uploads on one subscription: {len(moments)} events in {seconds:.1f} s "
                f"({len(moments) / seconds:.0f} a second, {most_within_a_second(moments)} in the busiest one), "
                f"{min(each)} to {max(each)} of a document, at most {most} of one in a second"
            )
        assert most <= 5
        for events_of in told.values():
            for (_, one), (_, next_one) in pairwise(events_of):
                assert one.document is not None
                assert next_one.document is not None
                if one.document.attempt == next_one.document.attempt:
                    assert next_one.document.fraction >= one.document.fraction


def most_within_a_second(moments: list[float]) -> int:
    """Return how many lie in the busiest second."""
    return max(sum(1 for at in moments if start <= at < start + 1) for start in moments)
