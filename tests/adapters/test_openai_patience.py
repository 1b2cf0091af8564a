"""How long a model is waited for: to be reached, to begin, to go on, and to end."""

import socket
import time
from collections.abc import AsyncIterator

import pytest

from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.adapters.openai_chat.patience import Patience
from tests.adapters.openai_asking import answer
from tests.openai_server import Reply, ScriptedOpenAI, Signal, Step

NEVER = Signal()


ROLE = {"choices": [{"delta": {"role": "assistant", "content": ""}}]}
THOUGHT = {"choices": [{"delta": {"reasoning_content": "Hm."}}]}
THINKING: list[Step] = [0.1, THOUGHT]
EMPTY: list[Step] = [0.1, ROLE, 0.1, {"choices": []}]


class TestWaiting:
    """A tenth of a second stands for what is seconds or minutes outside tests."""

    @pytest.fixture
    async def impatient(self, provider: ScriptedOpenAI) -> AsyncIterator[OpenAIChat]:
        patience = Patience(connect_seconds=0.3, first_seconds=0.5, next_seconds=0.2, thinking_seconds=0.9)
        model = OpenAIChat(["test-model"], base_url=provider.url, patience=patience)
        yield model
        await model.aclose()

    @pytest.mark.parametrize(
        ("_case", "steps", "seconds"),
        [
            ("an early role is no text", (ROLE, NEVER), 0.5),
            ("empty events are no sign of life", (*EMPTY * 20,), 0.5),
            ("nor are they between tokens", ("One ", *EMPTY * 20), 0.2),
            ("silence after a thought", (THOUGHT, NEVER), 0.2),
            ("thoughts without end", (*THINKING * 20,), 0.9),
        ],
    )
    async def test_who_writes_nothing_is_given_up(
        self, provider: ScriptedOpenAI, impatient: OpenAIChat, _case: str, steps: tuple[Step, ...],
        seconds: float,
    ) -> None:  # fmt: skip
        provider.script(Reply(*steps), Reply("A second try."))
        began = time.monotonic()

        _, _, failure = await answer(impatient)

        assert seconds <= time.monotonic() - began < 2.0
        assert failure is not None
        assert (failure.code, failure.message) == ("TIMEOUT", f"The model wrote nothing for {seconds:g} seconds.")
        assert len(provider.chats) == 1

    async def test_who_thinks_aloud_is_waited_for_beyond_the_first_limit(
        self, provider: ScriptedOpenAI, impatient: OpenAIChat
    ) -> None:
        provider.script(Reply(*THINKING * 6, "Yes."))

        assert (await answer(impatient))[0] == "Yes."

    async def test_events_after_the_end_keep_nobody(self, provider: ScriptedOpenAI, impatient: OpenAIChat) -> None:
        last: Step = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        provider.script(Reply("Yes.", last, *EMPTY * 30))
        began = time.monotonic()

        assert await answer(impatient) == ("Yes.", None, None)
        assert time.monotonic() - began < 2.5

    async def test_what_goes_on_beyond_the_longest_answer_is_ended(
        self, provider: ScriptedOpenAI, impatient: OpenAIChat
    ) -> None:
        provider.script(Reply(*["On and on it goes, " * 10] * 1_000))

        text, _, failure = await answer(impatient)

        assert failure is not None
        assert failure.code == "MODEL_UNAVAILABLE"
        assert 77 * 28 < len(text) <= 77 * 32

    async def test_a_host_that_takes_no_connection_is_waited_for_once(self) -> None:
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            # With these two its queue is full: whoever comes now hears nothing at all.
            for waiting in (first, second):
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
            patience = Patience(connect_seconds=0.3, backoff_seconds=0.001)
            model = OpenAIChat(["m"], base_url=f"http://127.0.0.1:{full.getsockname()[1]}/v1", patience=patience)
            began = time.monotonic()

            _, _, failure = await answer(model)
            await model.aclose()

        assert 0.3 <= time.monotonic() - began < 0.6  # a second time would be 0.6 at least
        assert failure is not None
        assert failure.code == "MODEL_UNAVAILABLE"
