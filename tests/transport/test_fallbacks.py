"""Answers while a provider is down, over HTTP and WebSocket: who stands in, who does not, and how little it costs."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.assembly.adapters import choose_fallback, patience
from lexora_gql.assembly.process import build
from lexora_gql.storage.database import Database
from tests.openai_server import CUT, Reply, ScriptedOpenAI, Signal, Step
from tests.transport.api import Api, Client, assemble, serving, settings_for

SENTENCE = "The canteen of the museum opens at noon."
QUESTION = "When does the canteen of the museum open?"
LIMITS = {"openai_connect_seconds": 0.5, "openai_first_token_seconds": 0.5, "openai_next_token_seconds": 0.5}
SEVERAL = 5


@dataclass(frozen=True, slots=True)
class House:
    """A server, and somebody at it who has a document."""

    api: Api
    reader: Client

    async def ask(self, content: str = QUESTION, **more: object) -> dict[str, Any]:
        """Return how the answer ended, as a watcher on a WebSocket is told."""
        sent = await self.reader.run("SendMessage", input={"content": content, **more})
        async with self.api.socket() as watcher:
            await watcher.initialise(self.reader.token)
            await watcher.subscribe("1", "Answer", messageId=sent["answer"]["id"])
            text = ""
            while True:
                event = (await watcher.hear())["payload"]["data"]["answer"]
                if event["__typename"] == "AnswerText":
                    assert event["offset"] == len(text)
                    text += event["text"]
                elif event["__typename"] == "AnswerFinished":
                    assert event["message"]["content"].strip() == text.strip()
                    message: dict[str, Any] = event["message"]
                    return message

    async def counted(self, *parts: str) -> float:
        """Return a figure off /metrics: of the series that has all these in its line."""
        lines = (await self.api.http.get("/metrics")).text.splitlines()
        found = [line for line in lines if not line.startswith("#") and all(part in line for part in parts)]
        return float(found[0].rpartition(" ")[2]) if found else 0.0


@asynccontextmanager
async def house_of(database: Database, folder: Path, main: str, **given: object) -> AsyncIterator[House]:
    """Open a server whose models are asked over HTTP."""
    own = {"openai_base_url": main, "openai_model": "asked,other", "openai_api_key": "main-key"}
    settings = settings_for(folder, **(LIMITS | own | given))
    quick = replace(patience(settings), backoff_seconds=0.01)
    model = OpenAIChat(settings.chat_models, api_key=settings.openai_api_key, base_url=main, patience=quick)
    fallback = choose_fallback(settings)
    plain = assemble(database, settings)
    process = build(settings, replace(plain.adapters, model=model, fallback=fallback))
    async with serving(database, settings, process=process) as api:
        reader = await api.somebody()
        await reader.upload(("canteen.txt", SENTENCE.encode()))
        await api.ingest()
        yield House(api, reader)
    plain.services.accounts.close()
    for remote in filter(None, (model, fallback)):
        await remote.aclose()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[ScriptedOpenAI, ScriptedOpenAI]]:
    with ScriptedOpenAI() as main, ScriptedOpenAI() as other:
        yield main, other


@pytest.fixture
def main(servers: tuple[ScriptedOpenAI, ScriptedOpenAI]) -> ScriptedOpenAI:
    servers[0].reset()
    return servers[0]


@pytest.fixture
def other(servers: tuple[ScriptedOpenAI, ScriptedOpenAI]) -> ScriptedOpenAI:
    servers[1].reset()
    return servers[1]


@pytest.fixture
async def house(database: Database, tmp_path: Path, main: ScriptedOpenAI) -> AsyncIterator[House]:
    async with house_of(database, tmp_path, main.url) as house:
        yield house


@pytest.fixture
async def with_fallback(
    database: Database, tmp_path: Path, main: ScriptedOpenAI, other: ScriptedOpenAI
) -> AsyncIterator[House]:
    own = {"openai_fallback_model": "spare", "openai_fallback_base_url": other.url}
    async with house_of(database, tmp_path, main.url, **own) as house:
        yield house


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address that refuses every connection: bound, and nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


def of(message: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return message["status"], message["mode"], message["model"]


DOWN = [
    ("failing", Reply(status=503)),
    ("busy", Reply(status=429)),
    ("without quota", Reply(status=429, error={"message": "pay", "code": "insufficient_quota"})),
    ("cut before a word", Reply(CUT)),
    ("silent", Reply(Signal())),
    ("at its end without a word", Reply("")),
]


class TestQuotes:
    @pytest.mark.parametrize(("_case", "reply"), DOWN)
    async def test_the_sources_answer_where_the_provider_is_down(
        self, house: House, main: ScriptedOpenAI, _case: str, reply: Reply
    ) -> None:
        main.script(*[reply] * 3)

        message = await house.ask()

        assert of(message) == ("COMPLETED", "EXTRACTIVE", "extractive")
        assert message["content"] == f"{SENTENCE} [1]"
        assert [citation["quote"] for citation in message["citations"]] == [SENTENCE]
        assert await house.counted("answer_fallbacks_total", 'to="quotes"') == 1
        assert await house.counted("answers_finished_total", "EXTRACTIVE") == 1
        main.reset()
        assert of(await house.ask()) == ("COMPLETED", "GENERATED", "asked")

    async def test_nobody_there_is_down_too(self, database: Database, tmp_path: Path, nowhere: str) -> None:
        async with house_of(database, tmp_path, nowhere) as house:
            assert of(await house.ask()) == ("COMPLETED", "EXTRACTIVE", "extractive")

    async def test_where_no_sentence_fits_the_failure_is_told_and_not_that_the_documents_say_nothing(
        self, house: House, main: ScriptedOpenAI
    ) -> None:
        main.script(*[Reply(status=503)] * 3)

        message = await house.ask("Who painted the ceiling?")

        assert (message["status"], message["failure"]["code"]) == ("FAILED", "MODEL_UNAVAILABLE")
        assert message["failure"]["isRetryable"]

    async def test_one_more_answer_is_asked_of_a_model_again(self, house: House, main: ScriptedOpenAI) -> None:
        main.script(*[Reply(status=503)] * 3)
        quoted = await house.ask()

        await house.reader.run("RegenerateAnswer", id=quoted["id"])

        assert main.chats[-1].body["model"] == "asked"


class TestFallbackModel:
    @pytest.mark.parametrize(("_case", "reply"), [DOWN[0], DOWN[-2]])
    async def test_it_answers_where_the_other_is_down(
        self, with_fallback: House, main: ScriptedOpenAI, other: ScriptedOpenAI, _case: str, reply: Reply
    ) -> None:
        main.script(*[reply] * 3)
        other.script(Reply("At noon [1].", usage=(33, 4)))

        message = await with_fallback.ask()

        assert of(message) == ("COMPLETED", "GENERATED", "spare")
        assert message["usage"] == {"promptTokens": 33, "completionTokens": 4}
        assert other.chats[0].body["messages"] == main.chats[0].body["messages"]
        assert await with_fallback.counted("answer_fallbacks_total", 'to="model"') == 1

    async def test_its_server_never_sees_the_other_key(
        self, with_fallback: House, main: ScriptedOpenAI, other: ScriptedOpenAI
    ) -> None:
        main.script(*[Reply(status=503)] * 3)
        await with_fallback.ask()

        assert main.chats[0].headers["authorization"] == "Bearer main-key"
        assert other.chats[0].headers["authorization"] == "Bearer none"

    async def test_without_an_address_it_is_asked_where_the_others_are(
        self, database: Database, tmp_path: Path, main: ScriptedOpenAI
    ) -> None:
        async with house_of(database, tmp_path, main.url, openai_fallback_model="other") as house:
            main.script(*[Reply(status=503)] * 3)
            assert of(await house.ask()) == ("COMPLETED", "GENERATED", "other")
            assert main.chats[-1].headers["authorization"] == "Bearer main-key"
            main.reset()
            main.script(*[Reply(status=503)] * 3)
            # Who asked for it in the first place does not ask it twice.
            assert of(await house.ask(model="other")) == ("COMPLETED", "EXTRACTIVE", "extractive")

    @pytest.mark.parametrize("reply", [Reply(status=503), Reply(status=401), Reply(status=413)])
    async def test_quotes_answer_whatever_it_fails_with(
        self, with_fallback: House, main: ScriptedOpenAI, other: ScriptedOpenAI, reply: Reply
    ) -> None:
        main.script(*[Reply(status=503)] * 3)
        other.script(*[reply] * 3)

        assert of(await with_fallback.ask()) == ("COMPLETED", "EXTRACTIVE", "extractive")


class TestStanding:
    @pytest.mark.parametrize(
        ("reply", "code"),
        [
            (Reply(status=401), "MODEL_REJECTED"),
            (Reply({"choices": [{"delta": {"refusal": "No."}}]}), "MODEL_REJECTED"),
            (Reply(status=400, error={"message": "x", "code": "context_length_exceeded"}), "CONTEXT_TOO_LONG"),
        ],
    )
    async def test_what_was_refused_is_asked_nowhere_else(
        self, with_fallback: House, main: ScriptedOpenAI, other: ScriptedOpenAI, reply: Reply, code: str
    ) -> None:
        main.script(reply)

        message = await with_fallback.ask()

        assert (of(message), message["failure"]["code"]) == (("FAILED", "GENERATED", "asked"), code)
        assert (len(main.chats), other.chats) == (1, [])

    @pytest.mark.parametrize(("step", "code"), [(CUT, "MODEL_UNAVAILABLE"), (Signal(), "TIMEOUT")])
    async def test_after_the_first_text_nothing_is_repeated_or_switched(
        self, with_fallback: House, main: ScriptedOpenAI, other: ScriptedOpenAI, step: Step, code: str
    ) -> None:
        main.script(Reply("The canteen ", step))

        message = await with_fallback.ask()

        assert (of(message), message["failure"]["code"]) == (("FAILED", "GENERATED", "asked"), code)
        assert message["content"] == "The canteen"
        assert (len(main.chats), other.chats) == (1, [])


class TestBreaker:
    async def test_in_an_outage_answers_are_not_kept_waiting(self, house: House, main: ScriptedOpenAI) -> None:
        main.script(*[Reply(Signal())] * 3)
        with capture_logs() as logs:
            for _ in range(3):
                # Each of these has waited for half a second.
                await house.ask()
            for _ in range(SEVERAL):
                assert of(await house.ask()) == ("COMPLETED", "EXTRACTIVE", "extractive")

        # Of the others the provider has heard nothing, and so they have not waited for it.
        assert len(main.chats) == 3
        assert await house.counted("llm_circuit_rejections_total", 'endpoint="main"', 'model="asked"') == SEVERAL
        assert await house.counted("llm_circuit_open", 'endpoint="main"', 'model="asked"') == 1
        assert await house.counted("llm_circuit_open", 'endpoint="main"', 'model="other"') == 0
        assert [line["reason"] for line in logs if line["event"] == "model_failed"] == [
            "The model wrote nothing for 0.5 seconds."
        ]
        assert [line["state"] for line in logs if line["event"] == "model_circuit_changed"] == ["open"]
        # Another model is another matter.
        assert of(await house.ask(model="other")) == ("COMPLETED", "GENERATED", "other")

    async def test_refusals_open_nothing(self, house: House, main: ScriptedOpenAI) -> None:
        main.script(*[Reply(status=401)] * 4)
        with capture_logs() as logs:
            for _ in range(4):
                await house.ask()

        assert len(main.chats) == 4
        # What somebody has to put right is logged, once.
        assert [line["code"] for line in logs if line["event"] == "model_failed"] == ["MODEL_REJECTED"]
