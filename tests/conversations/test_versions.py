"""Other versions: a question in other words, and one more answer, beside what was there before."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.conversations.errors import IdempotencyKeyReused, ModelNotAllowed
from lexora_gql.conversations.models import Message, MessageStatus
from lexora_gql.conversations.requests import EditMessage, RegenerateAnswer, Request
from lexora_gql.conversations.sending import Sent
from lexora_gql.errors import AlreadyRunning, DomainError, InvalidInput, NotFound, Throttled
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.database import Database
from lexora_gql.storage.keyset import PageRequest
from tests.conversations.desk import Desk, until
from tests.conversations.test_sending import rows

CANTEEN = "The canteen opens at noon."


@pytest.fixture
def model() -> ScriptedChatModel:
    return ScriptedChatModel(("scripted", "other"))


@pytest.fixture
async def desk(database: Database, model: ScriptedChatModel) -> AsyncIterator[Desk]:
    async with Desk.over(database, model=model).closing() as desk:
        yield desk


async def send(desk: Desk, viewer: Any, request: Request, *, wait_seconds: float = 20.0) -> Sent:
    return await desk.process.services.conversations.send(viewer, request, wait_seconds=wait_seconds)


async def branch(desk: Desk, viewer: Any, conversation_id: UUID, leaf_id: UUID | None = None) -> list[UUID]:
    service = desk.process.services.conversations
    page = await service.messages(viewer, conversation_id, PageRequest(50), leaf_id=leaf_id)
    return [row.id for row in page.items]


async def siblings(desk: Desk, viewer: Any, message: Message) -> list[UUID]:
    found = await desk.process.services.conversations.siblings(viewer, [message.id])
    return [row.id for row in found[message.id]]


class TestEdit:
    async def test_an_edited_question_stands_beside_the_old_one_whose_branch_stays(
        self, desk: Desk, model: ScriptedChatModel
    ) -> None:
        viewer = await desk.library.reader()
        paper = await desk.document(viewer, CANTEEN)
        scope = Scope(document_ids=(paper.id,))
        first = await desk.ask(viewer, "Is there a canteen?", wait_seconds=20)
        talk = first.conversation.id
        old = await desk.ask(
            viewer, "When does the canteen open?", conversation_id=talk, scope=scope, model="other", wait_seconds=20
        )
        edited = await send(desk, viewer, EditMessage(old.question.id, "When does the canteen open on Mondays?"))

        assert edited.conversation.id == talk
        assert edited.question.parent_id == old.question.parent_id == first.answer.id
        assert edited.question.content == "When does the canteen open on Mondays?"
        assert edited.question.scope == old.question.scope == edited.answer.scope
        assert old.question.scope is not None
        assert edited.answer.parent_id == edited.question.id
        assert (edited.answer.model, edited.answer.status) == ("other", MessageStatus.COMPLETED)
        beginning = [first.question.id, first.answer.id]
        assert await branch(desk, viewer, talk) == [*beginning, edited.question.id, edited.answer.id]
        assert await branch(desk, viewer, talk, old.answer.id) == [*beginning, old.question.id, old.answer.id]
        assert await siblings(desk, viewer, old.question) == [edited.question.id]
        assert await siblings(desk, viewer, edited.question) == [old.question.id]
        assert (await desk.message(old.question.id)).content == "When does the canteen open?"
        # The model was asked with the history of this branch alone.
        said = [message.content for message in model.requests[-1].messages]
        assert sum("Is there a canteen?" in content for content in said) == 1
        assert not any(content == "When does the canteen open?" for content in said)

    async def test_the_first_question_can_be_edited(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        old = await desk.ask(viewer, "One?", wait_seconds=20)
        await desk.ask(viewer, "Two?", conversation_id=old.conversation.id, wait_seconds=20)
        edited = await send(desk, viewer, EditMessage(old.question.id, "Another one?"))

        assert edited.question.parent_id is None
        assert await branch(desk, viewer, old.conversation.id) == [edited.question.id, edited.answer.id]
        assert await rows(desk.library.database) == (1, 6, 0)

    async def test_the_old_answer_goes_on_beside_the_new_one(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        gate = asyncio.Event()
        model.script("Old ", gate, "answer.")
        model.script("New ", gate, "answer.")
        old = await desk.ask(viewer, "When does the canteen open?")
        edited = await send(desk, viewer, EditMessage(old.question.id, "When is the canteen open?"), wait_seconds=0)

        assert desk.process.producers.count == 2
        gate.set()
        texts = [[event async for event in desk.events(viewer, one.answer.id)][-1] for one in (old, edited)]
        assert sorted(last.message.content for last in texts) == ["New answer.", "Old answer."]  # type: ignore[union-attr]  # the last one is the end


class TestRegenerate:
    async def test_another_answer_stands_beside_the_old_one(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        old = await desk.ask(viewer, "When does the canteen open?", wait_seconds=20, scope=Scope(tags=()))
        model.script("At noon, they say.")
        again = await send(desk, viewer, RegenerateAnswer(old.answer.id, "other"))

        assert again.question.id == old.question.id
        assert again.answer.parent_id == old.question.id
        assert (again.answer.model, again.answer.content) == ("other", "At noon, they say.")
        assert again.answer.scope == old.answer.scope
        assert await siblings(desk, viewer, again.answer) == [old.answer.id]
        assert await branch(desk, viewer, old.conversation.id) == [old.question.id, again.answer.id]
        assert await branch(desk, viewer, old.conversation.id, old.answer.id) == [old.question.id, old.answer.id]
        assert again.conversation.updated_at > old.conversation.updated_at
        assert await rows(desk.library.database) == (1, 3, 0)

    async def test_the_model_that_answered_before_answers_again(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        old = await desk.ask(viewer, "When?", model="other", wait_seconds=20)
        assert (await send(desk, viewer, RegenerateAnswer(old.answer.id))).answer.model == "other"

    async def test_a_model_that_is_no_longer_offered_gives_way_to_the_first(
        self, desk: Desk, database: Database
    ) -> None:
        viewer = await desk.library.reader()
        old = await desk.ask(viewer, "When?", model="other", wait_seconds=20)
        async with Desk.over(database, model=ScriptedChatModel(("newer",))).closing() as later:
            assert (await send(later, viewer, RegenerateAnswer(old.answer.id))).answer.model == "newer"
            assert (await send(later, viewer, EditMessage(old.question.id, "When then?"))).answer.model == "newer"

    async def test_an_answer_that_is_being_written_is_not_begun_again(
        self, desk: Desk, model: ScriptedChatModel
    ) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("At ", asyncio.Event())
        old = await desk.ask(viewer, "When does the canteen open?")
        await until(lambda: len(model.requests) == 1)
        with pytest.raises(AlreadyRunning) as refused:
            await send(desk, viewer, RegenerateAnswer(old.answer.id))
        assert refused.value.path == ("id",)
        assert await rows(desk.library.database) == (1, 2, 0)
        await desk.process.services.conversations.stop(viewer, old.answer.id)
        assert (await send(desk, viewer, RegenerateAnswer(old.answer.id))).answer.status is MessageStatus.COMPLETED

    async def test_answers_beside_each_other_are_written_at_once(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        old = await desk.ask(viewer, "When does the canteen open?", wait_seconds=20)
        gate = asyncio.Event()
        for _ in range(2):
            model.script("At ", gate, "noon.")
        both = [await send(desk, viewer, RegenerateAnswer(old.answer.id), wait_seconds=0) for _ in range(2)]
        assert desk.process.producers.count == 2
        gate.set()
        for one in both:
            await anext(
                event async for event in desk.events(viewer, one.answer.id) if event.position.place == "finished"
            )
        assert {(await desk.message(one.answer.id)).content for one in both} == {"At noon."}


class TestKeys:
    async def test_ten_at_once_have_one_effect(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        old = await desk.ask(viewer, "When?", wait_seconds=20)
        requests: list[tuple[Request, int]] = [
            (EditMessage(old.question.id, "When then?", "edit"), 4),
            (RegenerateAnswer(old.answer.id, None, "again"), 5),
        ]
        for number, (request, messages) in enumerate(requests, 1):
            sent = await asyncio.gather(*(send(desk, viewer, request) for _ in range(10)))
            assert len({(one.question.id, one.answer.id) for one in sent}) == 1
            assert await rows(desk.library.database) == (1, messages, number)

    async def test_a_key_belongs_to_one_request_of_one_kind(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        old = await desk.ask(viewer, "When?", idempotency_key="k", wait_seconds=20)
        await send(desk, viewer, RegenerateAnswer(old.answer.id, "other", "again"))
        reuses: list[Request] = [
            EditMessage(old.question.id, "When?", "k"),
            RegenerateAnswer(old.answer.id, None, "k"),
            RegenerateAnswer(old.answer.id, "scripted", "again"),
            EditMessage(old.question.id, "When?", "again"),
        ]
        for request in reuses:
            with pytest.raises(IdempotencyKeyReused):
                await send(desk, viewer, request)
        assert await rows(desk.library.database) == (1, 3, 2)


class TestRefusals:
    async def test_nothing_is_written(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        mine = await desk.ask(viewer, "When?", wait_seconds=20)
        other = await desk.ask(await desk.library.reader(), "When?", wait_seconds=20)
        before, asked = await rows(desk.library.database), len(model.requests)
        refusals: list[tuple[type[DomainError], Request]] = [
            (InvalidInput, EditMessage(mine.question.id, " \n ")),
            (InvalidInput, EditMessage(mine.question.id, "x" * 4_001)),
            (InvalidInput, EditMessage(mine.question.id, "When?", "")),
            (InvalidInput, EditMessage(mine.answer.id, "When?")),
            (InvalidInput, RegenerateAnswer(mine.question.id)),
            (InvalidInput, RegenerateAnswer(mine.answer.id, None, "k" * 201)),
            (ModelNotAllowed, RegenerateAnswer(mine.answer.id, "gpt-99")),
            (NotFound, EditMessage(uuid4(), "When?")),
            (NotFound, RegenerateAnswer(uuid4())),
            (NotFound, EditMessage(other.question.id, "When?")),
            (NotFound, RegenerateAnswer(other.answer.id)),
        ]
        for expected, request in refusals:
            with pytest.raises(expected):
                await send(desk, viewer, request)
        assert await rows(desk.library.database) == before
        assert desk.process.producers.count == 0
        assert len(model.requests) == asked

    async def test_each_counts_as_a_question_of_the_minute(self, database: Database) -> None:
        async with Desk.over(database, rate_limit_per_minute=3).closing() as desk:
            viewer = await desk.library.reader()
            sent = await desk.ask(viewer, "One?", wait_seconds=20)
            await send(desk, viewer, EditMessage(sent.question.id, "Two?"))
            await send(desk, viewer, RegenerateAnswer(sent.answer.id))
            with pytest.raises(Throttled):
                await send(desk, viewer, RegenerateAnswer(sent.answer.id))
            assert await rows(database) == (1, 5, 0)
