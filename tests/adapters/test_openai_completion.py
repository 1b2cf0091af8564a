"""What is made of a streamed completion: bytes, events, text."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lexora_gql.adapters.openai_chat.completion import Completion, server_sent_data
from lexora_gql.adapters.openai_chat.thinking import Thinking


class TestReading:
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

        assert [data.decode() async for events in server_sent_data(chunks()) for data in events] == [
            "é\u2028\ntwo",
            "last",
        ]
