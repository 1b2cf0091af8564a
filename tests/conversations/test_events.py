"""Watching: every cursor gives exactly the rest, with the bus and without it."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.adapters.redis_events import RedisEvents
from lexora_gql.conversations.events import (
    LOOK_SECONDS,
    QUIET_SECONDS,
    AnswerEvent,
    AnswerFinishedEvent,
    AnswerPlace,
    AnswerPosition,
    AnswerSourcesEvent,
    AnswerTextEvent,
)
from lexora_gql.conversations.models import MessageStatus
from lexora_gql.conversations.sending import Sent
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.errors import NotFound
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk, ends, text_of

WORDS = [f"Wörter{number} 🙂 " for number in range(29)] + ["Ende."]
TEXT = "".join(WORDS)


@pytest.fixture
def model() -> ScriptedChatModel:
    return ScriptedChatModel()


@pytest.fixture
def bus() -> InMemoryEvents:
    return InMemoryEvents()


@pytest.fixture
async def desk(database: Database, model: ScriptedChatModel, bus: InMemoryEvents) -> AsyncIterator[Desk]:
    async with Desk.over(database, model=model, bus=bus).closing() as desk:
        yield desk


@pytest.fixture
async def viewer(desk: Desk) -> Viewer:
    viewer = await desk.library.reader()
    await desk.document(viewer, "The canteen opens at noon.")
    return viewer


async def asked(desk: Desk, viewer: Viewer, model: ScriptedChatModel) -> tuple[Sent, list[asyncio.Event]]:
    """Ask for WORDS, each behind a gate."""
    gates = [asyncio.Event() for _ in WORDS]
    model.script(*[step for gate, word in zip(gates, WORDS, strict=True) for step in (gate, word)])
    return await desk.ask(viewer, "When does the canteen open?"), gates


async def open_slowly(gates: list[asyncio.Event], seconds: float = 0.02) -> None:
    for gate in gates:
        gate.set()
        await asyncio.sleep(seconds)


async def watched(desk: Desk, viewer: Viewer, sent: Sent, after: AnswerPosition | None = None) -> list[AnswerEvent]:
    async with asyncio.timeout(20):
        return [event async for event in desk.events(viewer, sent.answer.id, after=after)]


class TestEvents:
    async def test_they_come_in_order_and_end_once(self, desk: Desk, viewer: Viewer, model: ScriptedChatModel) -> None:
        sent, gates = await asked(desk, viewer, model)
        watching = asyncio.ensure_future(watched(desk, viewer, sent))
        await open_slowly(gates)
        events = await watching
        kinds = [type(event) for event in events]
        assert kinds == [AnswerSourcesEvent, *[AnswerTextEvent] * (len(kinds) - 2), AnswerFinishedEvent]
        assert len(kinds) > 5
        assert text_of(events) == TEXT == (await desk.message(sent.answer.id)).content

    async def test_many_watch_one_answer(self, desk: Desk, viewer: Viewer, model: ScriptedChatModel) -> None:
        sent, gates = await asked(desk, viewer, model)
        watching = [asyncio.ensure_future(watched(desk, viewer, sent)) for _ in range(50)]
        await open_slowly(gates)
        for events in await asyncio.gather(*watching):
            assert text_of(events) == TEXT
            assert len(ends(events)) == 1

    async def test_slow_readers_get_longer_pieces(self, desk: Desk, viewer: Viewer, model: ScriptedChatModel) -> None:
        sent, gates = await asked(desk, viewer, model)

        async def read(seconds: float) -> list[AnswerEvent]:
            seen = []
            async for event in desk.events(viewer, sent.answer.id):
                seen.append(event)
                await asyncio.sleep(seconds)
            return seen

        reading = [asyncio.ensure_future(read(seconds)) for seconds in (0.0, 0.3)]
        await open_slowly(gates)
        quick, slow = await asyncio.gather(*reading)
        assert text_of(quick) == text_of(slow) == TEXT
        assert len(slow) < len(quick) / 2

    async def test_who_leaves_is_forgotten(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel, bus: InMemoryEvents
    ) -> None:
        sent, gates = await asked(desk, viewer, model)
        async with aclosing(desk.events(viewer, sent.answer.id)) as events:
            assert isinstance(await anext(events), AnswerSourcesEvent)
        assert f"answer:{sent.answer.id}" not in bus._listeners
        await open_slowly(gates, 0)
        assert text_of(await watched(desk, viewer, sent)) == TEXT


class TestCursors:
    async def test_while_it_is_written_every_cursor_gives_exactly_the_rest(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel
    ) -> None:
        sent, gates = await asked(desk, viewer, model)
        opening = asyncio.ensure_future(open_slowly(gates))
        seen: list[AnswerEvent] = []
        while not ends(seen):
            # A new watcher for each event, as if the connection were cut after each.
            after = seen[-1].position if seen else None
            async with aclosing(desk.events(viewer, sent.answer.id, after=after)) as events:
                seen.append(await anext(events))
        await opening
        assert text_of(seen) == TEXT
        assert len(seen) > 5

    async def test_afterwards_every_place_gives_exactly_the_rest(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel
    ) -> None:
        model.script(*WORDS)
        sent = await desk.ask(viewer, "When does the canteen open?", wait_seconds=20)
        for offset in range(0, len(TEXT) + 1, 7):
            events = await watched(desk, viewer, sent, AnswerPosition(AnswerPlace.TEXT, offset))
            texts = [event for event in events if isinstance(event, AnswerTextEvent)]
            assert "".join(event.text for event in texts) == TEXT[offset:]
            assert [event.offset for event in texts] == [offset] * (offset < len(TEXT))
            assert len(ends(events)) == 1
        [first, *rest] = await watched(desk, viewer, sent)
        assert isinstance(first, AnswerSourcesEvent)
        assert await kinds_after(desk, viewer, sent, first.position) == [type(event) for event in rest]

    async def test_after_the_end_there_is_nothing(self, desk: Desk, viewer: Viewer, model: ScriptedChatModel) -> None:
        model.script(*WORDS)
        sent = await desk.ask(viewer, "When does the canteen open?", wait_seconds=20)
        [*_, last] = await watched(desk, viewer, sent)
        assert last.position == AnswerPosition(AnswerPlace.FINISHED, len(TEXT))
        assert await watched(desk, viewer, sent, last.position) == []

    @pytest.mark.parametrize("place", [None, *AnswerPlace])
    async def test_who_may_not_read_an_answer_hears_nothing_of_it(
        self, desk: Desk, viewer: Viewer, place: AnswerPlace | None
    ) -> None:
        sent = await desk.ask(viewer, "When does the canteen open?", wait_seconds=20)
        after = AnswerPosition(place, 1) if place else None
        with pytest.raises(NotFound):
            await watched(desk, await desk.library.reader(), sent, after)
        with pytest.raises(NotFound):
            [event async for event in desk.events(viewer, sent.question.id, after=after)]


class TestWithoutABus:
    @pytest.mark.parametrize("comes_back", [False, True])
    @pytest.mark.parametrize("is_there_first", [False, True])
    async def test_the_text_is_whole(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel, bus: InMemoryEvents, *,
        is_there_first: bool, comes_back: bool,
    ) -> None:  # fmt: skip
        if not is_there_first:
            bus.go_away()
        sent, gates = await asked(desk, viewer, model)
        watching = asyncio.ensure_future(watched(desk, viewer, sent))
        await open_slowly(gates[:10])
        bus.go_away()
        await open_slowly(gates[10:20])
        if comes_back:
            bus.come_back()
        await open_slowly(gates[20:])
        events = await watching
        assert text_of(events) == TEXT
        assert len(ends(events)) == 1

    async def test_checkpoints_are_seen_while_it_is_away(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel, bus: InMemoryEvents
    ) -> None:
        bus.go_away()
        sent, gates = await asked(desk, viewer, model)
        for gate in gates[:15]:
            gate.set()
        async with asyncio.timeout(6):
            async for event in desk.events(viewer, sent.answer.id):
                if isinstance(event, AnswerTextEvent):
                    assert event.text == "".join(WORDS[:15]).strip()
                    break
        assert (await desk.message(sent.answer.id)).status is MessageStatus.GENERATING


class TestOnRedis:
    @pytest.fixture
    async def redis(self, servers_folder: Path) -> AsyncIterator[EmbeddedRedis]:
        server = EmbeddedRedis(servers_folder / "redis-of-events")
        await server.start()
        yield server
        await server.stop()

    async def test_an_outage_in_the_middle_loses_and_doubles_nothing(
        self, database: Database, model: ScriptedChatModel, redis: EmbeddedRedis
    ) -> None:
        buses = [RedisEvents(redis.url), RedisEvents(redis.url)]
        try:
            async with (
                Desk.over(database, model=model, bus=buses[0]).closing() as writing,
                Desk.over(database, model=model, bus=buses[1]).closing() as watching,
            ):
                viewer = await writing.library.reader()
                await writing.document(viewer, "The canteen opens at noon.")
                sent, gates = await asked(writing, viewer, model)
                tasks = [asyncio.ensure_future(watched(desk, viewer, sent)) for desk in (writing, watching)]
                await open_slowly(gates[:10])
                await redis.stop()
                await open_slowly(gates[10:20])
                await redis.start()
                await open_slowly(gates[20:])
                for events in await asyncio.gather(*tasks):
                    assert text_of(events) == TEXT
                    assert len(ends(events)) == 1
        finally:
            for bus in buses:
                await bus.aclose()

    async def test_a_reader_does_not_wait_out_its_patience_when_it_freezes(
        self, database: Database, model: ScriptedChatModel, redis: EmbeddedRedis
    ) -> None:
        bus = RedisEvents(redis.url)
        async with Desk.over(database, model=model, bus=bus).closing() as desk, aclosing(bus):
            viewer = await desk.library.reader()
            await desk.document(viewer, "The canteen opens at noon.")
            sent, gates = await asked(desk, viewer, model)
            reading = desk.events(viewer, sent.answer.id)
            gates[0].set()
            assert isinstance(await anext(reading), AnswerSourcesEvent)
            assert isinstance(await anext(reading), AnswerTextEvent)
            waiting = asyncio.ensure_future(anext(reading))
            # It has read all there is, and waits for a bell now.
            await asyncio.sleep(3 * QUIET_SECONDS)
            assert redis.child is not None
            redis.child.process.send_signal(signal.SIGSTOP)
            try:
                frozen_at = time.monotonic()
                for gate in gates[1:]:
                    gate.set()
                assert isinstance(await waiting, AnswerTextEvent | AnswerFinishedEvent)
                assert time.monotonic() - frozen_at < LOOK_SECONDS - 1.5
            finally:
                redis.child.process.send_signal(signal.SIGCONT)
            await reading.aclose()


class TestTheChecker:
    def test_a_doubled_or_lost_piece_goes_red(self) -> None:
        position = AnswerPosition(AnswerPlace.TEXT, 4)
        piece = AnswerTextEvent(position, 0, "noon")
        assert text_of([piece]) == "noon"
        for offset in (0, 3, 5):
            with pytest.raises(AssertionError):
                text_of([piece, AnswerTextEvent(position, offset, "!")])


async def kinds_after(desk: Desk, viewer: Viewer, sent: Sent, after: AnswerPosition) -> list[type[AnswerEvent]]:
    return [type(event) for event in await watched(desk, viewer, sent, after)]
