"""Asking: one transaction, whose every refusal leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select, update

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.conversations import sending
from lexora_gql.conversations.errors import IdempotencyKeyReused, ModelNotAllowed
from lexora_gql.conversations.models import Conversation, IdempotencyKey, Message, MessageRole, MessageStatus
from lexora_gql.conversations.requests import SendMessage
from lexora_gql.conversations.sending import Sent
from lexora_gql.errors import AlreadyRunning, DomainError, InvalidInput, NotFound, Throttled
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.database import Database
from lexora_gql.storage.keyset import PageRequest
from tests.conversations.desk import Desk, ends


@pytest.fixture
def model() -> ScriptedChatModel:
    return ScriptedChatModel(("scripted", "other"))


@pytest.fixture
async def desk(database: Database, model: ScriptedChatModel) -> AsyncIterator[Desk]:
    async with Desk.over(database, model=model).closing() as desk:
        yield desk


async def rows(database: Database) -> tuple[int, ...]:
    """Return how many conversations, messages and keys there are."""
    async with database.engine.connect() as connection:
        return tuple(
            [
                (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in (Conversation, Message, IdempotencyKey)
            ]
        )


class TestAsk:
    async def test_question_and_answer_are_stored_together(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        sent = await desk.ask(viewer, "  When does the canteen open?\n")
        assert (sent.question.role, sent.question.status) == (MessageRole.USER, MessageStatus.COMPLETED)
        assert (sent.answer.role, sent.answer.status) == (MessageRole.ASSISTANT, MessageStatus.GENERATING)
        assert sent.answer.parent_id == sent.question.id
        assert sent.question.parent_id is None
        assert sent.answer.model == "scripted"
        assert sent.conversation.title == "When does the canteen open?"
        assert await rows(desk.library.database) == (1, 2, 0)

    async def test_the_next_question_follows_the_newest_leaf(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        first = await desk.ask(viewer, "First?", wait_seconds=20)
        second = await desk.ask(viewer, "Second?", conversation_id=first.conversation.id, wait_seconds=20)
        assert second.question.parent_id == first.answer.id
        assert second.conversation.id == first.conversation.id
        assert second.conversation.updated_at > first.conversation.updated_at

    @pytest.mark.parametrize(
        ("key", "follows", "statements"),
        [(None, False, 2), ("k", False, 4), (None, True, 5)],
        ids=["a new conversation", "with a key", "a question that follows"],
    )
    async def test_postgresql_is_asked_few_times(
        self, desk: Desk, key: str | None, follows: bool, statements: int
    ) -> None:
        viewer = await desk.library.reader()
        before = (await desk.ask(viewer, "First?", wait_seconds=20)) if follows else None
        request = SendMessage("When?", before.conversation.id if before else None, idempotency_key=key)
        asked: list[str] = []
        note = lambda *given: asked.append(given[2])  # noqa: E731  # named, so that it can be taken away again
        engine = desk.library.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            # Asked, but not answered: what the answer's task asks does not count here.
            await desk.process.services.conversations.asking.ask(viewer, request)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        assert len(asked) == statements, asked

    async def test_waiting_returns_the_ended_answer(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        sent = await desk.ask(viewer, "When?", wait_seconds=20)
        assert sent.answer.status is MessageStatus.COMPLETED

    async def test_waiting_too_short_returns_the_answer_so_far(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        model.script("The ", asyncio.Event())
        sent = await desk.ask(viewer, "When does the canteen open?", wait_seconds=0.2)
        assert sent.answer.status is MessageStatus.GENERATING
        assert model.closed == 0

    async def test_the_lease_ends_by_the_clock_of_the_database(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        viewer = await desk.library.reader()
        # A server whose clock is an hour late.
        monkeypatch.setattr(sending, "now", lambda: datetime.now(UTC) - timedelta(hours=1))
        sent = await desk.ask(viewer, "When?")
        await desk.process.upkeep.answers.reconcile()
        assert (await desk.message(sent.answer.id)).status is not MessageStatus.INTERRUPTED
        assert (await desk.answered(viewer, "When?")).status is MessageStatus.COMPLETED


class TestRefusals:
    @pytest.mark.parametrize(
        ("expected", "fields"),
        [
            (InvalidInput, {"content": " \n "}),
            (InvalidInput, {"content": "x" * 4_001}),
            (InvalidInput, {"content": "a\x00b"}),
            (InvalidInput, {"content": "\ud800"}),
            (InvalidInput, {"idempotency_key": ""}),
            (InvalidInput, {"idempotency_key": "k" * 201}),
            (InvalidInput, {"idempotency_key": "\x00"}),
            (InvalidInput, {"parent_id": uuid4()}),
            (NotFound, {"conversation_id": uuid4()}),
            (ModelNotAllowed, {"model": "gpt-99"}),
        ],
    )
    async def test_nothing_is_written(
        self, desk: Desk, model: ScriptedChatModel, expected: type[DomainError], fields: dict[str, Any]
    ) -> None:
        viewer = await desk.library.reader()
        with pytest.raises(expected):
            await desk.ask(viewer, **{"content": "When?", **fields})
        assert await rows(desk.library.database) == (0, 0, 0)
        assert desk.process.producers.count == 0
        assert model.requests == []

    @pytest.mark.parametrize("wait_seconds", [-0.1, 60.1, float("nan"), float("inf")])
    async def test_waiting_has_bounds(self, desk: Desk, wait_seconds: float) -> None:
        viewer = await desk.library.reader()
        with pytest.raises(InvalidInput):
            await desk.ask(viewer, "When?", wait_seconds=wait_seconds)
        assert await rows(desk.library.database) == (0, 0, 0)

    async def test_bounds_themselves_are_allowed(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        await desk.ask(viewer, "x" * 4_000, idempotency_key="k" * 200, model="other")
        assert await rows(desk.library.database) == (1, 2, 1)

    async def test_a_parent_of_another_conversation_is_not_found(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        one, other = await desk.ask(viewer, "One?", wait_seconds=20), await desk.ask(viewer, "Other?", wait_seconds=20)
        with pytest.raises(NotFound) as refused:
            await desk.ask(viewer, "More?", conversation_id=one.conversation.id, parent_id=other.answer.id)
        assert refused.value.path == ("parentId",)
        assert await rows(desk.library.database) == (2, 4, 0)

    async def test_a_question_cannot_follow_a_question(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        sent = await desk.ask(viewer, "One?", wait_seconds=20)
        with pytest.raises(InvalidInput):
            await desk.ask(viewer, "More?", conversation_id=sent.conversation.id, parent_id=sent.question.id)
        assert await rows(desk.library.database) == (1, 2, 0)

    async def test_the_conversation_of_somebody_else_is_not_found(self, desk: Desk) -> None:
        sent = await desk.ask(await desk.library.reader(), "One?", wait_seconds=20)
        with pytest.raises(NotFound):
            await desk.ask(await desk.library.reader(), "More?", conversation_id=sent.conversation.id)
        assert await rows(desk.library.database) == (1, 2, 0)


class TestBranches:
    async def test_a_branch_takes_one_question_at_a_time(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        model.script("The ", asyncio.Event())
        first = await desk.ask(viewer, "When does the canteen open?")
        for parent_id in (None, first.answer.id):
            request = SendMessage("And the canteen?", first.conversation.id, parent_id)
            with pytest.raises(AlreadyRunning):
                await desk.process.services.conversations.send(viewer, request, wait_seconds=0)
        assert await rows(desk.library.database) == (1, 2, 0)

    async def test_of_ten_at_once_in_a_branch_one_is_asked(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        first = await desk.ask(viewer, "When does the canteen open?", wait_seconds=20)
        model.script("The ", asyncio.Event())
        tries = [desk.ask(viewer, "And where?", conversation_id=first.conversation.id) for _ in range(10)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, Sent) for result in results) == 1
        assert sum(isinstance(result, AlreadyRunning) for result in results) == 9
        assert await rows(desk.library.database) == (1, 4, 0)

    async def test_two_branches_are_answered_at_once(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        first = await desk.ask(viewer, "When does the canteen open?", wait_seconds=20)
        second = await desk.ask(viewer, "Where is it?", conversation_id=first.conversation.id, wait_seconds=20)
        gates = [asyncio.Event(), asyncio.Event()]
        fields: dict[str, Any] = {"conversation_id": first.conversation.id}
        for gate in gates:
            model.script("It ", gate, "opens.")
        left = await desk.ask(viewer, "Which canteen?", parent_id=first.answer.id, **fields)
        right = await desk.ask(viewer, "Which canteen?", parent_id=second.answer.id, **fields)
        assert desk.process.producers.count == 2
        for gate in gates:
            gate.set()
        service = desk.process.services.conversations
        for sent, parent in ((left, first.answer), (right, second.answer)):
            [*_, last] = [one async for one in desk.events(viewer, sent.answer.id)]
            assert last.position.place == "finished"
            assert sent.question.parent_id == parent.id
        siblings = await service.siblings(viewer, [left.question.id])
        assert [row.id for row in siblings[left.question.id]] == [second.question.id]


class TestIdempotency:
    async def test_ten_at_once_have_one_effect(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        sent = await asyncio.gather(*(desk.ask(viewer, "When?", idempotency_key="k") for _ in range(10)))
        assert len({(one.conversation.id, one.question.id, one.answer.id) for one in sent}) == 1
        assert await rows(desk.library.database) == (1, 2, 1)

    async def test_a_retry_waits_for_the_same_answer(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        first = await desk.ask(viewer, "When?", idempotency_key="k")
        again = await desk.ask(viewer, "When?", idempotency_key="k", wait_seconds=20)
        assert again.answer.id == first.answer.id
        assert again.answer.status is MessageStatus.COMPLETED

    @pytest.mark.parametrize(
        "other",
        [
            {"content": "When then?"},
            {"content": "When?", "scope": Scope(tags=("menu",))},
            {"content": "When?", "model": "other"},
        ],
    )
    async def test_other_arguments_are_refused(self, desk: Desk, other: dict[str, Any]) -> None:
        viewer = await desk.library.reader()
        await desk.ask(viewer, "When?", idempotency_key="k", wait_seconds=20)
        with pytest.raises(IdempotencyKeyReused):
            await desk.ask(viewer, idempotency_key="k", **other)
        assert await rows(desk.library.database) == (1, 2, 1)

    async def test_keys_of_two_people_never_meet(self, desk: Desk) -> None:
        one, other = [await desk.ask(await desk.library.reader(), "When?", idempotency_key="k") for _ in range(2)]
        assert one.answer.id != other.answer.id
        assert await rows(desk.library.database) == (2, 4, 2)

    @pytest.mark.parametrize(("hours", "questions"), [(23.9, 1), (24.1, 2)])
    async def test_a_key_is_kept_for_a_day(self, desk: Desk, hours: float, questions: int) -> None:
        viewer = await desk.library.reader()
        await desk.ask(viewer, "When?", idempotency_key="k", wait_seconds=20)
        async with desk.library.database.engine.begin() as connection:
            past = IdempotencyKey.created_at - timedelta(hours=hours)
            await connection.execute(update(IdempotencyKey).values(created_at=past))
        await desk.ask(viewer, "When?", idempotency_key="k", wait_seconds=20)
        assert await rows(desk.library.database) == (questions, 2 * questions, 1)

    async def test_a_refused_request_does_not_use_its_key_up(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        with pytest.raises(NotFound):
            await desk.ask(viewer, "When?", idempotency_key="k", conversation_id=uuid4())
        await desk.ask(viewer, "When?", idempotency_key="k")
        assert await rows(desk.library.database) == (1, 2, 1)


class TestPace:
    async def test_questions_beyond_the_limit_are_refused(self, database: Database) -> None:
        async with Desk.over(database, rate_limit_per_minute=2).closing() as desk:
            viewer = await desk.library.reader()
            await desk.ask(viewer, "One?", idempotency_key="k")
            await desk.ask(viewer, "Two?")
            with pytest.raises(Throttled) as refused:
                await desk.ask(viewer, "Three?")
            assert 55 < refused.value.retry_after_seconds <= 60
            assert await rows(database) == (2, 4, 1)
            assert (await desk.ask(viewer, "One?", idempotency_key="k")).question.content == "One?"
            await desk.ask(await desk.library.reader(), "Mine?")

    async def test_at_once_they_are_counted_one_by_one(self, database: Database) -> None:
        async with Desk.over(database, rate_limit_per_minute=3).closing() as desk:
            viewer = await desk.library.reader()
            tries = [desk.ask(viewer, f"Question {number}?") for number in range(10)]
            results = await asyncio.gather(*tries, return_exceptions=True)
            assert sum(isinstance(result, Sent) for result in results) == 3
            assert sum(isinstance(result, Throttled) for result in results) == 7


class TestDisconnecting:
    @pytest.mark.parametrize("moment", ["commit", "reset"])
    async def test_who_hangs_up_while_it_is_committed_is_answered(self, desk: Desk, moment: str) -> None:
        viewer = await desk.library.reader()
        asking = asyncio.ensure_future(desk.ask(viewer, "When?"))
        engine = desk.library.database.engine.sync_engine
        target = engine if moment == "commit" else engine.pool
        hang_up = lambda *_: asking.cancel()  # noqa: E731  # named, so that it can be taken away again
        event.listen(target, moment, hang_up)
        try:
            await asyncio.gather(asking, return_exceptions=True)
        finally:
            event.remove(target, moment, hang_up)
        assert asking.cancelled()
        conversations = desk.process.services.conversations
        async with asyncio.timeout(10):
            # Whoever hung up does not wait for the commit; it comes by itself, and tells nobody.
            page = await conversations.conversations(viewer, PageRequest(10))
            while not page.items:
                await asyncio.sleep(0.01)
                page = await conversations.conversations(viewer, PageRequest(10))
        [question, answer] = (
            await conversations.messages(viewer, page.items[0].id, PageRequest(10), leaf_id=None)
        ).items
        assert question.content == "When?"
        async with asyncio.timeout(5):
            assert ends([one async for one in desk.events(viewer, answer.id)])[0].message.content != ""
