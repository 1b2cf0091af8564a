"""Answers through OpenAI's API: what reaches the provider, and what is made of all that it may do."""

import json
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import SecretStr

from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.adapters.openai_chat.completion import Completion, server_sent_data
from lexora_gql.adapters.openai_chat.patience import Patience
from lexora_gql.adapters.openai_chat.thinking import Thinking
from lexora_gql.adapters.retry_after import retry_after_seconds
from lexora_gql.ports.chat_model import TextPiece, Usage
from tests.adapters.openai_asking import answer, request
from tests.openai_server import CUT, Reply, ScriptedOpenAI, Signal, Step

QUICK = Patience(first_seconds=2.0, next_seconds=2.0, backoff_seconds=0.001, retry_after_seconds_max=0.5)
NEVER = Signal()


@pytest.fixture
async def model(provider: ScriptedOpenAI) -> AsyncIterator[OpenAIChat]:
    model = OpenAIChat(["test-model"], base_url=provider.url, patience=QUICK)
    yield model
    await model.aclose()


class TestAsking:
    async def test_the_prompt_and_its_limits_are_sent(self, provider: ScriptedOpenAI, model: OpenAIChat) -> None:
        provider.script(Reply("Yes."))

        await answer(model)

        assert provider.chats[0].body == {
            "model": "test-model",
            "messages": [{"role": "user", "content": "Question?"}],
            "stream": True,
            "max_tokens": 77,
            "temperature": 0.25,
            "stream_options": {"include_usage": True},
        }

    @pytest.mark.parametrize(("key", "sent"), [(None, "Bearer none"), (SecretStr("sk-1"), "Bearer sk-1")])
    async def test_a_key_is_sent_where_there_is_one(
        self, provider: ScriptedOpenAI, monkeypatch: pytest.MonkeyPatch, key: SecretStr | None, sent: str
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
        provider.script(Reply("Yes."))
        model = OpenAIChat(["test-model"], base_url=provider.url, api_key=key)

        await answer(model)
        await model.aclose()

        assert provider.chats[0].headers["authorization"] == sent

    async def test_text_arrives_piece_by_piece_and_usage_last(
        self, provider: ScriptedOpenAI, model: OpenAIChat
    ) -> None:
        gate = Signal()
        provider.script(Reply("The canteen ", gate, "opens at noon [1].", usage=(120, 9)))
        parts = model.stream(request())

        assert await anext(parts) == TextPiece("The canteen ")
        gate.set()
        assert [part async for part in parts] == [TextPiece("opens at noon [1]."), Usage(120, 9)]

    async def test_one_connection_serves_one_answer_after_another(
        self, provider: ScriptedOpenAI, model: OpenAIChat
    ) -> None:
        for _ in range(3):
            provider.script(Reply("Yes."))
            await answer(model)

        assert len({chat.client for chat in provider.chats}) == 1

    @pytest.mark.parametrize(
        ("error", "missing", "present"),
        [
            ({"message": "Unrecognized request argument: stream_options"}, "stream_options", {}),
            ({"message": "[{'loc': ['body', 'stream_options'], 'msg': 'Extra inputs'}]"}, "stream_options", {}),
            (
                {"message": "Use 'max_completion_tokens' instead.", "param": "max_tokens"},
                "max_tokens",
                {"max_completion_tokens": 77},
            ),
            ({"message": "Only the default (1) value is supported.", "param": "temperature"}, "temperature", {}),
        ],
    )
    async def test_a_parameter_that_is_refused_is_given_up_and_stays_so(
        self,
        provider: ScriptedOpenAI,
        model: OpenAIChat,
        error: dict[str, Any],
        missing: str,
        present: dict[str, Any],
    ) -> None:
        provider.script(Reply(status=400, error=error), Reply("Yes."), Reply("Again."))

        assert (await answer(model))[0] == "Yes."
        assert (await answer(model))[0] == "Again."

        assert [missing in chat.body for chat in provider.chats] == [True, False, False]
        assert present.items() <= provider.chats[2].body.items()

    async def test_closing_hangs_up_at_once(self, provider: ScriptedOpenAI, model: OpenAIChat) -> None:
        provider.script(Reply("One ", NEVER))
        parts = model.stream(request())
        await anext(parts)

        began = time.monotonic()
        await parts.aclose()
        await provider.chats[0].disconnected.wait()

        assert time.monotonic() - began < 0.5

    async def test_neither_prompt_nor_key_is_logged(
        self, provider: ScriptedOpenAI, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider.script(Reply("canary-answer"), Reply(status=400, error={"message": "canary-prompt is bad"}))
        model = OpenAIChat(["test-model"], base_url=provider.url, api_key=SecretStr("canary-key"))
        with caplog.at_level(logging.DEBUG):
            await answer(model, request("canary-prompt"))
            _, _, failure = await answer(model, request("canary-prompt"))
        await model.aclose()

        assert "canary" not in caplog.text
        assert failure is not None
        assert "canary" not in failure.message


class TestFailing:
    @pytest.mark.parametrize(
        ("status", "error", "code", "is_retryable", "requests"),
        [
            (401, {"message": "bad key", "code": "invalid_api_key"}, "MODEL_REJECTED", False, 1),
            (404, {"message": "no such model"}, "MODEL_REJECTED", False, 1),
            (400, {"message": "too long", "code": "context_length_exceeded"}, "CONTEXT_TOO_LONG", False, 1),
            (400, {"message": "This model's maximum context length is 8192 tokens"}, "CONTEXT_TOO_LONG", False, 1),
            (400, {"message": "exceeds", "type": "exceed_context_size_error"}, "CONTEXT_TOO_LONG", False, 1),
            (413, {"message": "Request too large"}, "CONTEXT_TOO_LONG", False, 1),
            (429, {"message": "slow down", "code": "rate_limit_exceeded"}, "MODEL_UNAVAILABLE", True, 3),
            (429, {"message": "pay", "code": "insufficient_quota"}, "MODEL_UNAVAILABLE", True, 1),
            (500, {"message": "oops"}, "MODEL_UNAVAILABLE", True, 3),
            (503, {"message": "loading"}, "MODEL_UNAVAILABLE", True, 3),
        ],
    )
    async def test_every_status_has_its_code(
        self,
        provider: ScriptedOpenAI,
        model: OpenAIChat,
        *,
        status: int,
        error: dict[str, Any],
        code: str,
        is_retryable: bool,
        requests: int,
    ) -> None:
        provider.script(*[Reply(status=status, error=error)] * 3)

        text, _, failure = await answer(model)

        assert failure is not None
        assert (text, failure.code, failure.is_retryable) == ("", code, is_retryable)
        assert len(provider.chats) == requests

    @pytest.mark.parametrize(
        ("_case", "steps", "text", "code"),
        [
            ("cut before the first piece", (CUT,), "", "MODEL_UNAVAILABLE"),
            ("cut in the middle", ("One ", CUT), "One ", "MODEL_UNAVAILABLE"),
            ("nothing but comments", (b": working\n\n", NEVER), "", "TIMEOUT"),
            ("silent before the first piece", (NEVER,), "", "TIMEOUT"),
            ("silent in the middle", ("One ", NEVER), "One ", "TIMEOUT"),
            ("no JSON", ("One ", b"data: {\n\n"), "One ", "MODEL_UNAVAILABLE"),
            ("no object", ("One ", b"data: [1]\n\n"), "One ", "MODEL_UNAVAILABLE"),
            ("endless brackets", ("One ", b"data: " + b"[" * 99_999 + b"\n\n"), "One ", "MODEL_UNAVAILABLE"),
            ("an endless line", ("One ", b"data: " + b"x" * 2_000_000), "One ", "MODEL_UNAVAILABLE"),
            ("an error", ("One ", {"error": {"message": "x", "code": 502}}), "One ", "MODEL_UNAVAILABLE"),
            ("a bare error", ("One ", {"error": "overloaded"}), "One ", "MODEL_UNAVAILABLE"),
            ("too long", ({"error": {"code": "context_length_exceeded"}},), "", "CONTEXT_TOO_LONG"),
            ("refused", ({"choices": [{"delta": {"refusal": "No."}}]},), "", "MODEL_REJECTED"),
        ],
    )
    async def test_a_broken_stream_is_never_a_complete_answer(
        self,
        provider: ScriptedOpenAI,
        model: OpenAIChat,
        _case: str,
        steps: tuple[Step, ...],
        text: str,
        code: str,
    ) -> None:
        provider.script(*[Reply(*steps)] * 3)

        got, _, failure = await answer(model)

        assert failure is not None
        assert (got, failure.code) == (text, code)

    @pytest.mark.parametrize(
        ("reason", "text", "code"),
        [
            (None, "One ", "MODEL_UNAVAILABLE"),
            ("content_filter", "One ", "MODEL_REJECTED"),
            ("stop", "", "MODEL_UNAVAILABLE"),
            ("length", "", "MODEL_UNAVAILABLE"),
        ],
    )
    async def test_an_end_that_is_none_fails(
        self, provider: ScriptedOpenAI, model: OpenAIChat, reason: str | None, text: str, code: str
    ) -> None:
        provider.script(Reply(text, finish_reason=reason))

        got, _, failure = await answer(model)

        assert failure is not None
        assert (got, failure.code) == (text, code)

    async def test_what_failed_before_the_first_piece_is_tried_again(
        self, provider: ScriptedOpenAI, model: OpenAIChat
    ) -> None:
        provider.script(Reply(status=503), Reply(CUT), Reply("Yes."))

        assert (await answer(model))[0] == "Yes."
        assert len(provider.chats) == 3

    async def test_what_failed_after_the_first_piece_is_not(self, provider: ScriptedOpenAI, model: OpenAIChat) -> None:
        provider.script(Reply("One ", CUT), Reply("Two"))

        assert (await answer(model))[0] == "One "
        assert len(provider.chats) == 1

    @pytest.mark.parametrize(("asked", "requests", "low"), [("0.3", 2, 0.3), ("9", 1, 0.0)])
    async def test_the_provider_says_when_to_try_again_within_bounds(
        self, provider: ScriptedOpenAI, model: OpenAIChat, asked: str, requests: int, low: float
    ) -> None:
        provider.script(Reply(status=429, headers={"retry-after": asked}), Reply("Yes."))
        began = time.monotonic()

        await answer(model)

        assert len(provider.chats) == requests
        assert time.monotonic() - began >= low

    async def test_nobody_there_is_unavailable(self) -> None:
        model = OpenAIChat(["test-model"], base_url="http://127.0.0.1:9/v1", patience=QUICK)

        _, _, failure = await answer(model)
        await model.aclose()

        assert failure is not None
        assert (failure.code, failure.is_retryable) == ("MODEL_UNAVAILABLE", True)


class TestReading:
    async def test_an_answer_cut_off_by_the_limit_is_complete(
        self, provider: ScriptedOpenAI, model: OpenAIChat
    ) -> None:
        provider.script(Reply("As long as allowed", finish_reason="length"))

        assert await answer(model) == ("As long as allowed", Usage(10, 1), None)

    async def test_a_server_that_cannot_stream_is_understood(self, provider: ScriptedOpenAI, model: OpenAIChat) -> None:
        provider.script(Reply("All at once.", is_whole=True, usage=(3, 4)))

        assert await answer(model) == ("All at once.", Usage(3, 4), None)

    async def test_an_end_without_done_or_usage_is_enough(self, provider: ScriptedOpenAI, model: OpenAIChat) -> None:
        last = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        provider.script(Reply("Yes.", last, finish_reason=None))

        assert await answer(model) == ("Yes.", None, None)

    async def test_a_provider_that_never_hangs_up_keeps_nobody_waiting(
        self, provider: ScriptedOpenAI, model: OpenAIChat
    ) -> None:
        last = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        provider.script(Reply("Yes.", last, b"data: [DONE]\n\n", NEVER))
        began = time.monotonic()

        assert await answer(model) == ("Yes.", None, None)
        assert time.monotonic() - began < 1.0

    @pytest.mark.parametrize(
        ("deltas", "text"),
        [
            ([{"content": "a\x00b"}], "ab"),
            ([{"content": "a\ud83d"}, {"content": "\ude00b"}], "a😀b"),
            ([{"content": "a\ude00b\ud83dc"}], "abc"),
            ([{"content": "\ud83d"}, {"content": "x"}], "x"),
            ([{"content": "line\u2028line\u0085\x0b"}], "line\u2028line\u0085\x0b"),
            ([{"reasoning": "hm"}, {"reasoning_content": "hm"}, {"content": None}, {"content": "a"}], "a"),
            ([{"tool_calls": [{"function": {"name": "f"}}]}, {"content": "a"}], "a"),
            ([{"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}]}], "a"),
            ([{}], ""),
        ],
    )
    def test_of_each_event_only_what_a_text_may_hold_is_kept(self, deltas: list[dict[str, Any]], text: str) -> None:
        completion = Completion()
        events = [json.dumps({"choices": [{"delta": delta}]}).encode() for delta in deltas]

        assert "".join(completion.read(event) for event in events) == text

    @pytest.mark.parametrize("size", [1, 3, 1_000])
    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ("<think>Hm. <b></think>\n\nYes <think> is a word.", "Yes <think> is a word."),
            (" \n<think>\n</think>Yes.", "Yes."),
            ("<thin air> is cold.", "<thin air> is cold."),
            ("<think", "<think"),
            ("<think>Hm, and no end", ""),
            ("  Yes.", "  Yes."),
        ],
    )
    def test_what_a_model_thinks_aloud_is_no_answer(self, size: int, said: str, answer: str) -> None:
        thinking = Thinking()
        parts = [thinking.read(said[start : start + size]) for start in range(0, len(said), size)]

        assert "".join([*parts, thinking.finish()]) == answer

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    async def test_events_are_found_however_they_are_cut(self, size: int, end: str) -> None:
        lines = [": comment", "", "event: x", "data: é\u2028", "data:two", "", "data:", "", "id: 1", "data: last"]
        raw = end.join(lines).encode()

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(raw), size):
                yield raw[start : start + size]

        assert [data.decode() async for data in server_sent_data(chunks())] == ["é\u2028\ntwo", "last"]

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
            ({"retry-after": "2"}, 2.0),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
            ({}, None),
        ],
    )
    def test_when_to_try_again_is_read_in_every_shape(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry_after_seconds(headers) == seconds

    def test_a_date_to_try_again_is_counted_from_now(self) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

        seconds = retry_after_seconds({"retry-after": date})

        assert seconds is not None
        assert 55 < seconds <= 60
