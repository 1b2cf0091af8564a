"""Answers through OpenAI's API: what reaches the provider, and what is made of all that it may do."""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.adapters.openai_chat.patience import Patience
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


@asynccontextmanager
async def saying(said: bytes) -> AsyncIterator[str]:
    """A server that says the same to whatever it is asked; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        [port] = [socket.getsockname()[1] for socket in server.sockets]
        yield f"http://127.0.0.1:{port}"


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

    @pytest.mark.parametrize(
        "said",
        [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", b"HTTP/1.1 200 " + b"x" * 200_000],
    )
    async def test_somebody_else_there_is_unavailable(self, said: bytes) -> None:
        async with saying(said) as url:
            model = OpenAIChat(["test-model"], api_key=SecretStr("sk-secret"), base_url=url, patience=QUICK)

            _, _, failure = await answer(model)
            await model.aclose()

        assert failure is not None
        assert (failure.code, failure.is_retryable) == ("MODEL_UNAVAILABLE", True)
        # What logs write of it.
        told = traceback.TracebackException.from_exception(failure).format()
        assert "sk-secret" not in "".join(told)


class TestReading:
    async def test_text_that_came_with_an_error_is_kept(self) -> None:
        text = json.dumps({"choices": [{"index": 0, "delta": {"content": "Yes"}}]})
        events = f'data: {text}\n\ndata: {{"error": {{"code": 503}}}}\n\n'
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(events)}\r\n\r\n"

        async with saying(f"{head}{events}".encode()) as url:
            model = OpenAIChat(["test-model"], base_url=url, patience=QUICK)
            said, _, failure = await answer(model)
            await model.aclose()

        assert said == "Yes"
        assert failure is not None
        assert failure.code == "MODEL_UNAVAILABLE"

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
