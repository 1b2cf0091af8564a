"""A model that is left alone while it is down: by whom it is tried again, and what does not count."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.conversations.guarded_model import FAILURES_MAX, PAUSE_SECONDS, SAID_SECONDS, GuardedModel
from lexora_gql.ports.chat_model import ChatMessage, ChatModelError, ChatRequest, TextPiece
from lexora_gql.telemetry.metrics import Metrics
from tests.conversations.desk import until

REQUEST = ChatRequest("scripted", [ChatMessage("user", "Why?")], "Why?", (), max_tokens=9, temperature=0.0)
AWAY = ChatModelError("MODEL_UNAVAILABLE", "It is away.", is_retryable=True)
REFUSED = ChatModelError("MODEL_REJECTED", "It refuses.", is_retryable=False)

RESTS = "The model does not answer at the moment; it is tried again within seconds."


class Hands:
    """The model, and a clock to be set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.model = ScriptedChatModel(["scripted", "spare"])
        self.guarded = GuardedModel(self.model, "main", Metrics.create(), clock=lambda: self.now)

    async def ask(self, model: str = "scripted") -> str:
        """Return the text, or the message of the failure that ended it."""
        try:
            parts = [part async for part in self.guarded.stream(replace(REQUEST, model=model))]
        except ChatModelError as error:
            return error.message
        return "".join(part.text for part in parts if isinstance(part, TextPiece))

    async def fail(self, *failures: ChatModelError) -> None:
        for failure in failures:
            self.model.script(failure)
            assert await self.ask() == failure.message


@pytest.fixture
def hands() -> Hands:
    return Hands()


class TestGuarding:
    async def test_after_the_pause_one_answer_tries_and_then_all_do(self, hands: Hands) -> None:
        await hands.fail(*[AWAY] * FAILURES_MAX)
        assert await hands.ask() == RESTS
        hands.now += PAUSE_SECONDS
        gate = asyncio.Event()
        hands.model.script(gate, "Yes.")

        probe = asyncio.ensure_future(hands.ask())
        await until(lambda: len(hands.model.requests) == FAILURES_MAX + 1)
        assert [await hands.ask() for _ in range(3)] == [RESTS] * 3
        gate.set()
        assert await probe == "Yes."

        hands.model.script("Again.")
        assert await hands.ask() == "Again."
        assert len(hands.model.requests) == FAILURES_MAX + 2

    async def test_who_is_let_through_and_gives_up_blocks_nobody(self, hands: Hands) -> None:
        await hands.fail(*[AWAY] * FAILURES_MAX)
        hands.now += PAUSE_SECONDS
        hands.model.script(asyncio.Event())
        probe = asyncio.ensure_future(hands.ask())
        await until(lambda: len(hands.model.requests) == FAILURES_MAX + 1)
        probe.cancel()
        await asyncio.wait([probe])

        hands.model.script("Yes.")
        assert await hands.ask() == "Yes."

    async def test_a_wait_that_is_asked_for_is_kept(self, hands: Hands) -> None:
        await hands.fail(ChatModelError("MODEL_UNAVAILABLE", "Busy.", is_retryable=True, retry_after_seconds=100.0))
        hands.now += 99.0
        assert await hands.ask() == RESTS
        hands.now += 1.0
        hands.model.script("Yes.")
        assert await hands.ask() == "Yes."

    async def test_refusals_and_broken_texts_show_that_somebody_is_there(self, hands: Hands) -> None:
        for _ in range(3):
            await hands.fail(AWAY, AWAY, REFUSED)
            await hands.fail(AWAY, AWAY)
            hands.model.script("One ", AWAY)
            assert await hands.ask() == AWAY.message

    async def test_each_model_is_left_alone_for_itself(self, hands: Hands) -> None:
        await hands.fail(*[AWAY] * FAILURES_MAX)
        hands.model.script("Yes.")
        assert await hands.ask("spare") == "Yes."
        assert await hands.ask() == RESTS

    async def test_the_same_failure_is_logged_once_in_a_while(self, hands: Hands) -> None:
        with capture_logs() as logs:
            for _ in range(3):
                await hands.fail(REFUSED, REFUSED)
            hands.now += SAID_SECONDS
            await hands.fail(REFUSED)

        said = [(line["event"], line["reason"]) for line in logs if line["log_level"] == "error"]
        assert said == [("model_failed", "It refuses.")] * 2
