"""What every chat model promises, whoever writes the answer."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import pytest

from lexora_gql.adapters.extractive_chat import ExtractiveChat
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.ports.chat_model import ChatMessage, ChatModel, ChatRequest, PromptSource, TextPiece, Usage
from tests.openai_server import ScriptedOpenAI

SOURCES = (
    PromptSource(1, "Invoices are paid within 30 days. The canteen opens at noon.", "Handbook"),
    PromptSource(2, "Bicycles are kept in the yard.", "Rules"),
)


def request(model: str, question: str = "When are invoices paid?") -> ChatRequest:
    prompt = "\n\n".join(f"[{source.marker}] {source.title}\n{source.text}" for source in SOURCES)
    messages = [ChatMessage("system", f"Answer from these sources.\n\n{prompt}"), ChatMessage("user", question)]
    return ChatRequest(model, messages, question, SOURCES, max_tokens=100, temperature=0.1)


async def collect(model: ChatModel, asked: ChatRequest) -> tuple[list[str], list[Usage]]:
    """Return the pieces of text, and usage where it came last."""
    parts = [part async for part in model.stream(asked)]
    texts = [part.text for part in parts if isinstance(part, TextPiece)]
    usages = [part for part in parts if isinstance(part, Usage)]
    assert parts == [*map(TextPiece, texts), *usages]
    return texts, usages


class ChatModelContract:
    """What every ChatModel promises."""

    async def test_it_names_its_models_the_default_first(self, model: ChatModel) -> None:
        assert len(model.models) >= 1
        assert all(model.models)

    async def test_an_answer_comes_in_pieces_and_cites_its_source(self, model: ChatModel) -> None:
        texts, usages = await collect(model, request(model.models[0]))

        assert "".join(texts).strip() == "Invoices are paid within 30 days. [1]"
        assert all(texts)
        assert len(usages) <= 1

    async def test_answers_at_the_same_time_do_not_mix(self, model: ChatModel) -> None:
        asked = request(model.models[0])

        answers = await asyncio.gather(*(collect(model, asked) for _ in range(20)))

        assert {"".join(texts).strip() for texts, _ in answers} == {"Invoices are paid within 30 days. [1]"}

    async def test_an_answer_may_be_given_up_after_its_first_piece(self, model: ChatModel) -> None:
        answer = model.stream(request(model.models[0]))
        assert isinstance(answer, AsyncGenerator)
        await anext(answer)

        await answer.aclose()

        assert [part async for part in answer] == []


class TestScriptedChatModel(ChatModelContract):
    @pytest.fixture
    def model(self) -> ScriptedChatModel:
        return ScriptedChatModel()

    async def test_giving_up_is_counted(self, model: ScriptedChatModel) -> None:
        model.script("one", asyncio.Event())
        answer = model.stream(request("scripted"))
        assert await anext(answer) == TextPiece("one")

        await answer.aclose()

        assert model.closed == 1


class TestOpenAIChat(ChatModelContract):
    @pytest.fixture
    def provider(self) -> Iterator[ScriptedOpenAI]:
        with ScriptedOpenAI() as provider:
            yield provider

    @pytest.fixture
    async def model(self, provider: ScriptedOpenAI) -> AsyncIterator[OpenAIChat]:
        model = OpenAIChat(["test-model"], base_url=provider.url)
        yield model
        await model.aclose()


class TestExtractiveChat(ChatModelContract):
    @pytest.fixture
    def model(self) -> ExtractiveChat:
        return ExtractiveChat()
