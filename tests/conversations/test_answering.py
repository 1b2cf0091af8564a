"""Answers: written from what may be read, cited, and ended, whatever the model does."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from prometheus_client import generate_latest
from sqlalchemy import text

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.adapters.openai_chat.patience import Patience
from lexora_gql.conversations.citations import CitationVerification
from lexora_gql.conversations.events import AnswerSourcesEvent
from lexora_gql.conversations.models import AnswerFailureCode, AnswerMode, Message, MessageRole, MessageStatus
from lexora_gql.conversations.prompts.no_evidence import no_evidence
from lexora_gql.errors import NotFound
from lexora_gql.ports.chat_model import ChatModelError
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk, ends, text_of, until
from tests.openai_server import CUT, Reply, ScriptedOpenAI, Signal

CANTEEN = "The canteen opens at noon."
QUESTION = "When does the canteen open?"
# A machine with other work may well take a second.
PATIENCE = Patience(connect_seconds=5, first_seconds=4, next_seconds=4, retries=1, backoff_seconds=0.01)


@pytest.fixture
def model() -> ScriptedChatModel:
    return ScriptedChatModel()


@pytest.fixture
async def desk(database: Database, model: ScriptedChatModel) -> AsyncIterator[Desk]:
    async with Desk.over(database, model=model).closing() as desk:
        yield desk


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as provider:
        yield provider


@pytest.fixture
async def provider(shared_provider: ScriptedOpenAI) -> AsyncIterator[ScriptedOpenAI]:
    yield shared_provider
    shared_provider.reset()


@pytest.fixture
async def remote(database: Database, provider: ScriptedOpenAI) -> AsyncIterator[Desk]:
    """A desk whose model is a provider over HTTP."""
    model = OpenAIChat(["test-model"], base_url=provider.url, patience=PATIENCE)
    async with Desk.over(database, model=model).closing() as desk:
        yield desk
    await model.aclose()


class TestGenerated:
    async def test_an_answer_is_cited_and_its_citations_are_verified(self, remote: Desk) -> None:
        viewer = await remote.library.reader()
        document = await remote.document(viewer, "The shop closes at nine.", CANTEEN, filename="canteen.txt")
        answer = await remote.answered(viewer, QUESTION)
        assert (answer.status, answer.mode, answer.model) == (
            MessageStatus.COMPLETED, AnswerMode.GENERATED, "test-model",
        )  # fmt: skip
        assert answer.content == f"{CANTEEN} [1]"
        [citation] = await remote.citations(viewer, answer)
        assert (citation.marker, citation.verification) == (1, CitationVerification.EXACT)
        assert (citation.quote, citation.filename, citation.document_id) == (CANTEEN, "canteen.txt", document.id)
        assert (citation.char_start, citation.char_end) == (26, 26 + len(CANTEEN))
        assert answer.content[citation.answer_start : citation.answer_end] == "[1]"

    async def test_usage_is_kept_and_counted(self, remote: Desk, provider: ScriptedOpenAI) -> None:
        viewer = await remote.library.reader()
        await remote.document(viewer, CANTEEN)
        provider.script(Reply("At noon [1].", usage=(321, 7)))
        answer = await remote.answered(viewer, QUESTION)
        assert (answer.prompt_tokens, answer.completion_tokens) == (321, 7)
        counted = generate_latest(remote.process.metrics.registry).decode()
        assert 'llm_token_usage_total{kind="prompt",model="test-model"} 321.0' in counted
        assert 'llm_token_usage_total{kind="completion",model="test-model"} 7.0' in counted

    async def test_invented_markers_are_never_seen(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("It opens", " [", "1", "] and", " closes [7", "] at ", "nine [2, 9].", " [")
        sent = await desk.ask(viewer, QUESTION)
        seen = text_of([one async for one in desk.events(viewer, sent.answer.id)])
        answer = await desk.message(sent.answer.id)
        assert seen == answer.content
        for invented in ("7", "2", "9"):
            assert invented not in seen
        assert [citation.marker for citation in await desk.citations(viewer, answer)] == [1]

    async def test_nobody_sees_a_word_before_its_sources_are_stored(
        self, desk: Desk, model: ScriptedChatModel, database: Database
    ) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("At noon [1].")
        async with database.engine.begin() as owner:
            await owner.execute(text("LOCK TABLE answer_sources IN EXCLUSIVE MODE"))
            sent = await desk.ask(viewer, QUESTION)
            await until(lambda: bool(model.requests))
            await asyncio.sleep(0.2)
            token = (await desk.message(sent.answer.id)).lease_token
            assert token is not None
            kept = await desk.process.adapters.bus.read_text(viewer.user_id, sent.answer.id, token, offset=0)
            assert kept is None
        [first, *_] = [one async for one in desk.events(viewer, sent.answer.id)]
        assert isinstance(first, AnswerSourcesEvent)

    async def test_an_unsupported_claim_is_called_so(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("The canteen opens at 7:45 on Mondays [1].")
        answer = await desk.answered(viewer, QUESTION)
        [citation] = await desk.citations(viewer, answer)
        assert citation.verification is CitationVerification.UNSUPPORTED


class TestWithoutAModel:
    async def test_without_documents_there_is_no_evidence(self, desk: Desk, model: ScriptedChatModel) -> None:
        answer = await desk.answered(await desk.library.reader(), QUESTION)
        assert (answer.status, answer.mode) == (MessageStatus.COMPLETED, AnswerMode.NO_EVIDENCE)
        assert answer.content == no_evidence(QUESTION)
        assert model.requests == []

    async def test_an_extractive_answer_says_so(self, database: Database) -> None:
        async with Desk.over(database, model=ScriptedChatModel(is_extractive=True)).closing() as desk:
            viewer = await desk.library.reader()
            await desk.document(viewer, CANTEEN)
            assert (await desk.answered(viewer, QUESTION)).mode is AnswerMode.EXTRACTIVE

    async def test_an_empty_answer_is_no_evidence(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script(" [9]")
        answer = await desk.answered(viewer, QUESTION)
        assert (answer.status, answer.mode) == (MessageStatus.COMPLETED, AnswerMode.NO_EVIDENCE)
        assert answer.content.strip() == no_evidence(QUESTION)


class TestSearching:
    async def test_a_follow_up_is_searched_standalone(self, remote: Desk, provider: ScriptedOpenAI) -> None:
        viewer = await remote.library.reader()
        await remote.document(viewer, CANTEEN)
        first = await remote.ask(viewer, QUESTION, wait_seconds=20)
        provider.script(Reply("When does the canteen close?"))
        second = await remote.answered(viewer, "And when does it close?", conversation_id=first.conversation.id)
        assert first.answer.query == QUESTION
        assert second.query == "When does the canteen close?"

    @pytest.mark.parametrize("by", ["collection", "document", "tags"])
    async def test_a_scope_is_kept_to(self, desk: Desk, model: ScriptedChatModel, by: str) -> None:
        viewer = await desk.library.reader()
        other = await desk.process.services.collections.create(viewer, "Other")
        wanted = await desk.document(viewer, "The canteen opens at ten.", collection_id=other.id, tags=["new", "food"])
        await desk.document(viewer, CANTEEN, CANTEEN + " Yes, noon.", tags=["food"])
        scope = {
            "collection": Scope(collection_ids=(other.id,)),
            "document": Scope(document_ids=(wanted.id,)),
            "tags": Scope(tags=("food", "new")),
        }[by]
        answer = await desk.answered(viewer, QUESTION, scope=scope)
        assert [source.text for source in model.requests[-1].sources] == ["The canteen opens at ten."]
        assert (await desk.citations(viewer, answer))[0].document_id == wanted.id
        everything = await desk.answered(viewer, QUESTION)
        assert len(model.requests[-1].sources) == 3
        assert everything.scope is None

    @pytest.mark.parametrize("scope", [Scope(collection_ids=()), Scope(document_ids=())])
    async def test_an_empty_scope_holds_nothing(self, desk: Desk, scope: Scope) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        assert (await desk.answered(viewer, QUESTION, scope=scope)).mode is AnswerMode.NO_EVIDENCE

    async def test_what_belongs_to_others_is_never_read(self, desk: Desk, model: ScriptedChatModel) -> None:
        theirs = await desk.document(await desk.library.reader(), CANTEEN)
        viewer = await desk.library.reader()
        scopes = [None, Scope(document_ids=(theirs.id,)), Scope(collection_ids=(theirs.collection_id,))]
        for scope in scopes:
            answer = await desk.answered(viewer, QUESTION, scope=scope)
            assert (answer.mode, answer.candidates) == (AnswerMode.NO_EVIDENCE, 0)
        assert model.requests == []


class TestDeletedSources:
    async def test_an_answer_ends_with_what_it_has_read(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, CANTEEN, filename="canteen.txt")
        gate = asyncio.Event()
        model.script("The canteen opens ", gate, "at noon [1].")
        sent = await desk.ask(viewer, QUESTION)
        await first_text(desk, sent.answer)
        await desk.process.services.documents.delete(viewer, document.id)
        gate.set()
        events = [one async for one in desk.events(viewer, sent.answer.id)]
        assert text_of(events) == "The canteen opens at noon [1]."
        [citation] = await desk.citations(viewer, ends(events)[0].message)
        assert (citation.document_id, citation.chunk_id) == (None, None)
        assert (citation.filename, citation.quote) == ("canteen.txt", CANTEEN)
        [source] = (await desk.process.services.conversations.sources(viewer, [sent.answer.id]))[sent.answer.id]
        assert (source.filename, source.chunk_id) == ("canteen.txt", None)
        assert (await desk.answered(viewer, QUESTION)).mode is AnswerMode.NO_EVIDENCE


class TestFailures:
    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            (Reply(status=401), (AnswerFailureCode.MODEL_REJECTED, False, "")),
            (
                Reply(status=400, error={"message": "too long", "code": "context_length_exceeded"}),
                (AnswerFailureCode.CONTEXT_TOO_LONG, False, ""),
            ),
            (Reply("The canteen ", Signal()), (AnswerFailureCode.TIMEOUT, True, "The canteen")),
            (Reply("The canteen ", CUT), (AnswerFailureCode.MODEL_UNAVAILABLE, True, "The canteen")),
            (Reply("The canteen ", finish_reason=None), (AnswerFailureCode.MODEL_UNAVAILABLE, True, "The canteen")),
        ],
    )  # fmt: skip
    async def test_a_failure_says_what_it_is_and_keeps_the_text(
        self, remote: Desk, provider: ScriptedOpenAI, reply: Reply, expected: tuple[AnswerFailureCode, bool, str]
    ) -> None:
        viewer = await remote.library.reader()
        await remote.document(viewer, CANTEEN)
        provider.script(reply, reply)
        answer = await remote.answered(viewer, QUESTION)
        assert answer.status is MessageStatus.FAILED
        assert (answer.failure_code, answer.failure_is_retryable, answer.content) == expected
        assert (answer.lease_token, answer.lease_until) == (None, None)
        provider.reset()
        assert (await remote.answered(viewer, QUESTION)).status is MessageStatus.COMPLETED

    async def test_what_nobody_foresaw_is_internal_and_says_nothing_of_itself(
        self, desk: Desk, model: ScriptedChatModel
    ) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("The ", broken := asyncio.Event())
        broken.wait = secret_error  # type: ignore[method-assign]  # a defect in the middle of a stream
        answer = await desk.answered(viewer, QUESTION)
        assert (answer.status, answer.failure_code) == (MessageStatus.FAILED, AnswerFailureCode.INTERNAL)
        assert answer.failure_message is not None
        assert "hunter2" not in answer.failure_message
        assert answer.content == "The"

    async def test_the_words_of_a_failure_are_kept(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("The ", ChatModelError("TIMEOUT", "It took too long.", is_retryable=True))
        assert (await desk.answered(viewer, QUESTION)).failure_message == "It took too long."


class TestStop:
    async def test_the_text_so_far_is_kept_and_the_provider_hears_within_a_second(
        self, remote: Desk, provider: ScriptedOpenAI
    ) -> None:
        viewer = await remote.library.reader()
        await remote.document(viewer, CANTEEN)
        provider.script(Reply("The canteen opens [1] ", Signal()))
        sent = await remote.ask(viewer, QUESTION)
        await first_text(remote, sent.answer)
        started = time.monotonic()
        stopped = await remote.process.services.conversations.stop(viewer, sent.answer.id)
        await provider.chats[-1].disconnected.wait()
        assert (provider.chats[-1].disconnected_at or 0) - started < 1.0
        assert (stopped.status, stopped.content) == (MessageStatus.STOPPED, "The canteen opens [1]")
        assert [citation.marker for citation in await remote.citations(viewer, stopped)] == [1]
        again = await remote.process.services.conversations.stop(viewer, sent.answer.id)
        assert (again.status, again.finished_at) == (MessageStatus.STOPPED, stopped.finished_at)

    async def test_a_stop_at_once_is_heard(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("The ", asyncio.Event())
        sent = await desk.ask(viewer, QUESTION)
        started = time.monotonic()
        stopped = await desk.process.services.conversations.stop(viewer, sent.answer.id)
        assert stopped.status is MessageStatus.STOPPED
        assert time.monotonic() - started < 1.0

    async def test_a_stop_is_heard_while_the_bus_is_away(self, database: Database, model: ScriptedChatModel) -> None:
        bus = InMemoryEvents()
        async with Desk.over(database, model=model, bus=bus).closing() as desk:
            viewer = await desk.library.reader()
            await desk.document(viewer, CANTEEN)
            bus.go_away()
            model.script("The ", asyncio.Event())
            sent = await desk.ask(viewer, QUESTION)
            await until(lambda: bool(model.requests))
            started = time.monotonic()
            await desk.process.services.conversations.stop(viewer, sent.answer.id)
            await until(lambda: model.closed == 1)
            assert time.monotonic() - started < 3.0
            [end] = ends([one async for one in desk.events(viewer, sent.answer.id)])
            assert (end.message.status, end.message.content) == (MessageStatus.STOPPED, "The")

    async def test_what_has_ended_stays_as_it_is(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        answer = await desk.answered(viewer, QUESTION)
        stopped = await desk.process.services.conversations.stop(viewer, answer.id)
        assert (stopped.status, stopped.content) == (MessageStatus.COMPLETED, answer.content)
        assert (await desk.message(answer.id)).stop_requested_at is None

    async def test_only_answers_of_ones_own_can_be_stopped(self, desk: Desk, model: ScriptedChatModel) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        model.script("The ", asyncio.Event())
        sent = await desk.ask(viewer, QUESTION)
        stop = desk.process.services.conversations.stop
        with pytest.raises(NotFound):
            await stop(await desk.library.reader(), sent.answer.id)
        with pytest.raises(NotFound):
            await stop(viewer, sent.question.id)
        row = await desk.message(sent.answer.id)
        assert (row.status, row.stop_requested_at, row.role) == (MessageStatus.GENERATING, None, MessageRole.ASSISTANT)


async def first_text(desk: Desk, answer: Message) -> None:
    """Wait until there is text to see."""
    bus = desk.process.adapters.bus
    assert answer.lease_token is not None
    async with asyncio.timeout(10):
        while True:
            live = await bus.read_text(answer.owner_id, answer.id, answer.lease_token, offset=0)
            if live is not None and live.text:
                return
            await asyncio.sleep(0.01)


async def secret_error() -> Any:
    message = "password is hunter2"
    raise RuntimeError(message)
