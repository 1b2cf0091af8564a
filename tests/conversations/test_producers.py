"""Producers that are asked to end, die, freeze and wake: every answer ends, and none is cut short in silence."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.conversations.leases import NOW, AnswerLease
from lexora_gql.conversations.models import AnswerFailureCode, Message, MessageStatus
from lexora_gql.conversations.requests import SendMessage
from lexora_gql.errors import NotFound
from lexora_gql.ports.event_bus import BusAway, LiveText
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk, ends, text_of
from tests.conversations.test_answering import first_text

CANTEEN = "The canteen opens at noon."
QUESTION = "When does the canteen open?"


class WakingProducer(InMemoryEvents):
    """A bus on which a frozen producer says one more thing just when somebody has read what it had said.

    Attributes:
        slow: Which of the reads to come take too long, the next one first.
    """

    late_text = ""
    reads_before = 0
    slow: tuple[bool, ...] = ()

    async def read_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int) -> LiveText | None:
        is_slow, self.slow = self.slow[:1] == (True,), self.slow[1:]
        if is_slow:
            raise BusAway
        live = await super().read_text(owner_id, answer_id, lease, offset=offset)
        if self.late_text and live is not None and self.reads_before > 0:
            self.reads_before -= 1
        elif self.late_text and live is not None:
            text, self.late_text = self.late_text, ""
            try:
                await super().append_text(owner_id, answer_id, lease, offset=len(live.text), text=text)
            except BusAway:
                return live
        return live


@pytest.fixture
def model() -> ScriptedChatModel:
    return ScriptedChatModel()


@pytest.fixture
def bus() -> WakingProducer:
    return WakingProducer()


@pytest.fixture
async def desk(database: Database, model: ScriptedChatModel, bus: WakingProducer) -> AsyncIterator[Desk]:
    async with Desk.over(database, model=model, bus=bus).closing() as desk:
        yield desk


@pytest.fixture
async def viewer(desk: Desk) -> Viewer:
    viewer = await desk.library.reader()
    await desk.document(viewer, CANTEEN)
    return viewer


async def let_lease_lapse(desk: Desk, answer_id: UUID) -> None:
    async with desk.library.database.engine.begin() as connection:
        await connection.execute(update(Message).where(Message.id == answer_id).values(lease_until=NOW))


async def killed(*_: object) -> None:
    """End whoever calls it, as a kill would: nothing after it happens."""
    raise asyncio.CancelledError


async def abandoned(desk: Desk, viewer: Viewer, *, seen: str, checkpoint: str) -> AnswerLease:
    """Return an answer as a killed server leaves it: begun, seen by watchers, stored up to a point."""
    asked = await desk.process.services.conversations.asking.ask(viewer, SendMessage(QUESTION))
    assert asked.lease is not None
    lease = asked.lease
    await desk.process.adapters.bus.append_text(viewer.user_id, lease.answer_id, lease.token, offset=0, text=seen)
    async with desk.library.database.engine.begin() as connection:
        values = {"content": checkpoint, "query": QUESTION, "lease_until": NOW}
        await connection.execute(update(Message).where(Message.id == lease.answer_id).values(values))
    return lease


class TestShutdown:
    async def test_an_answer_may_finish_within_the_grace_period(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel
    ) -> None:
        gate = asyncio.Event()
        model.script("At ", gate, "noon [1].")
        sent = await desk.ask(viewer, QUESTION)
        await first_text(desk, sent.answer)
        draining = asyncio.ensure_future(desk.process.producers.drain(10))
        await asyncio.sleep(0.05)
        gate.set()
        await draining
        answer = await desk.message(sent.answer.id)
        assert (answer.status, answer.content) == (MessageStatus.COMPLETED, "At noon [1].")
        assert desk.process.producers.count == 0

    async def test_afterwards_it_is_interrupted_with_what_was_there(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel
    ) -> None:
        model.script("At noon [1].", asyncio.Event())
        sent = await desk.ask(viewer, QUESTION)
        watching = asyncio.ensure_future(all_events(desk, viewer, sent.answer.id))
        await first_text(desk, sent.answer)
        await desk.process.producers.drain(0.05)
        events = await watching
        [end] = ends(events)
        assert (end.message.status, end.message.content) == (MessageStatus.INTERRUPTED, "At noon [1].")
        assert (end.message.failure_code, end.message.failure_is_retryable) == (AnswerFailureCode.INTERRUPTED, True)
        assert text_of(events) == "At noon [1]."
        assert [citation.marker for citation in await desk.citations(viewer, end.message)] == [1]
        assert model.closed == 1

    async def test_what_has_only_just_been_asked_is_ended_too(self, desk: Desk, viewer: Viewer) -> None:
        sent = await desk.ask(viewer, QUESTION)
        await desk.process.producers.drain(0)
        assert (await desk.message(sent.answer.id)).status in {MessageStatus.INTERRUPTED, MessageStatus.COMPLETED}


class TestDeath:
    async def test_the_answer_is_interrupted_with_what_was_seen(self, desk: Desk, viewer: Viewer) -> None:
        lease = await abandoned(desk, viewer, seen="The canteen opens at", checkpoint="The canteen")
        watching = asyncio.ensure_future(all_events(desk, viewer, lease.answer_id))
        await asyncio.sleep(0.1)
        await desk.process.upkeep.answers.reconcile()
        events = await watching
        [end] = ends(events)
        assert end.message.status is MessageStatus.INTERRUPTED
        assert text_of(events) == end.message.content == "The canteen opens at"
        assert end.message.failure_code is AnswerFailureCode.INTERRUPTED

    async def test_without_the_bus_the_checkpoint_is_what_was_there(
        self, desk: Desk, viewer: Viewer, bus: WakingProducer
    ) -> None:
        lease = await abandoned(desk, viewer, seen="The canteen opens at", checkpoint="The canteen")
        bus.go_away()
        await desk.process.upkeep.answers.reconcile()
        answer = await desk.message(lease.answer_id)
        assert (answer.status, answer.content) == (MessageStatus.INTERRUPTED, "The canteen")

    @pytest.mark.parametrize("slow", [(True, True), (False, True)])
    async def test_a_read_that_takes_too_long_costs_nothing(
        self, desk: Desk, viewer: Viewer, bus: WakingProducer, slow: tuple[bool, ...]
    ) -> None:
        lease = await abandoned(desk, viewer, seen="The canteen opens at", checkpoint="The canteen")
        bus.slow = slow
        await desk.process.upkeep.answers.reconcile()
        answer = await desk.message(lease.answer_id)
        assert (answer.status, answer.content) == (MessageStatus.INTERRUPTED, "The canteen opens at")

    async def test_who_has_seen_more_than_is_left_is_told_where_to_cut(
        self, desk: Desk, viewer: Viewer, bus: WakingProducer
    ) -> None:
        lease = await abandoned(desk, viewer, seen="The canteen opens at", checkpoint="The canteen")
        watching = asyncio.ensure_future(all_events(desk, viewer, lease.answer_id))
        await asyncio.sleep(0.1)
        bus.go_away()
        await desk.process.upkeep.answers.reconcile()
        bus.come_back()
        [_, seen, cut, end] = await watching
        assert seen.text == "The canteen opens at"
        assert (cut.offset, cut.text) == (11, "")
        assert end.message.content == "The canteen"

    async def test_who_dies_over_ending_it_costs_nothing_of_it(
        self, desk: Desk, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lease = await abandoned(desk, viewer, seen="The canteen opens at", checkpoint="The canteen")
        with monkeypatch.context() as dying:
            dying.setattr(desk.process.adapters.bus, "finish_text", killed)
            with pytest.raises(asyncio.CancelledError):
                await desk.process.upkeep.answers.reconcile()
        assert (await desk.message(lease.answer_id)).lease_token != lease.token
        await let_lease_lapse(desk, lease.answer_id)

        await desk.process.upkeep.answers.reconcile()

        answer = await desk.message(lease.answer_id)
        assert (answer.status, answer.content) == (MessageStatus.INTERRUPTED, "The canteen opens at")

    async def test_two_reconcilers_end_it_once(self, desk: Desk, viewer: Viewer) -> None:
        lease = await abandoned(desk, viewer, seen="The canteen opens at", checkpoint="The canteen")
        reconcile = desk.process.upkeep.answers.reconcile
        await asyncio.gather(*(reconcile() for _ in range(5)))
        answer = await desk.message(lease.answer_id)
        assert (answer.status, answer.content) == (MessageStatus.INTERRUPTED, "The canteen opens at")

    async def test_who_holds_a_lease_is_left_alone(self, desk: Desk, viewer: Viewer, model: ScriptedChatModel) -> None:
        model.script("At ", asyncio.Event())
        sent = await desk.ask(viewer, QUESTION)
        await desk.process.upkeep.answers.reconcile()
        assert (await desk.message(sent.answer.id)).status is MessageStatus.GENERATING


class TestFreezing:
    async def test_who_wakes_after_the_lease_writes_nothing(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel
    ) -> None:
        gate = asyncio.Event()
        model.script("The canteen opens", gate, " at noon [1].")
        sent = await desk.ask(viewer, QUESTION)
        await first_text(desk, sent.answer)
        await let_lease_lapse(desk, sent.answer.id)
        await desk.process.upkeep.answers.reconcile()
        gate.set()
        await desk.process.producers.drain(10)
        answer = await desk.message(sent.answer.id)
        assert (answer.status, answer.content) == (MessageStatus.INTERRUPTED, "The canteen opens")
        assert await desk.citations(viewer, answer) == []

    @pytest.mark.parametrize("reads_before", [0, 1])
    async def test_who_wakes_in_the_middle_of_being_ended_says_nothing_more(
        self, desk: Desk, viewer: Viewer, bus: WakingProducer, reads_before: int
    ) -> None:
        lease = await abandoned(desk, viewer, seen="The canteen", checkpoint="")
        bus.late_text, bus.reads_before = " opens at noon", reads_before
        await desk.process.upkeep.answers.reconcile()
        live = await bus.read_text(viewer.user_id, lease.answer_id, lease.token, offset=0)
        assert live is not None
        assert live.text == (await desk.message(lease.answer_id)).content


class TestDeletedConversation:
    async def test_its_producer_ends_and_its_watchers_are_told(
        self, desk: Desk, viewer: Viewer, model: ScriptedChatModel
    ) -> None:
        model.script("At ", asyncio.Event())
        sent = await desk.ask(viewer, QUESTION)
        watching = asyncio.ensure_future(all_events(desk, viewer, sent.answer.id))
        await first_text(desk, sent.answer)
        await desk.process.services.conversations.delete(viewer, sent.conversation.id)
        async with asyncio.timeout(1):
            with pytest.raises(NotFound):
                await watching
            await desk.process.producers.drain(1)
        assert model.closed == 1


async def all_events(desk: Desk, viewer: Viewer, answer_id: UUID) -> list[Any]:
    async with asyncio.timeout(20):
        return [event async for event in desk.events(viewer, answer_id)]
