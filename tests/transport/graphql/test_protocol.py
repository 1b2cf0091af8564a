"""Frames of graphql-transport-ws."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.transport.graphql.websocket.protocol import (
    Closing,
    Complete,
    Frame,
    Init,
    Ping,
    Pong,
    Subscribe,
    parse_frame,
    to_text,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete", "next", "nonsense"])


def close_code(text: str) -> int | None:
    """Return what a socket closes with after a frame; None where it stays open."""
    try:
        parse_frame(text)
    except Closing as closing:
        return closing.code
    return None


class TestParseFrame:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('{"type":"connection_init"}', Init(None)),
            ('{"type":"connection_init","payload":null}', Init(None)),
            ('{"type":"connection_init","payload":{"Authorization":"Bearer x"}}', Init("Bearer x")),
            ('{"type":"connection_init","payload":{"authorization":"Bearer x"}}', Init("Bearer x")),
            ('{"type":"ping"}', Ping()),
            ('{"type":"pong","payload":{}}', Pong()),
            ('{"type":"subscribe","id":"1","payload":{"query":"{a}"}}', Subscribe("1", {"query": "{a}"})),
            ('{"type":"complete","id":"1"}', Complete("1")),
        ],
    )
    def test_each_message_is_understood(self, text: str, expected: Frame) -> None:
        assert parse_frame(text) == expected

    @pytest.mark.parametrize(
        ("_case", "text", "code"),
        [
            ("binary", None, 4400),
            ("no JSON", "{", 4400),
            ("empty", "", 4400),
            ("a list", "[]", 4400),
            ("null", "null", 4400),
            ("a number", "1", 4400),
            ("not a number", "NaN", 4400),
            ("deeper than Python counts", "[" * 30_000, 4400),
            ("a number of very many digits", "1" * 10_000, 4400),
            ("a NUL", '{"type":"ping","payload":{"a":"\\u0000"}}', 4400),
            ("without a type", "{}", 4400),
            ("a type that only servers send", '{"type":"next","id":"1","payload":{}}', 4400),
            ("a type that is no text", '{"type":{}}', 4400),
            ("a payload that is none", '{"type":"connection_init","payload":[]}', 4400),
            ("subscribe without an id", '{"type":"subscribe","payload":{"query":"{a}"}}', 4400),
            ("an empty id", '{"type":"subscribe","id":"","payload":{"query":"{a}"}}', 4400),
            ("an endless id", json.dumps({"type": "complete", "id": "i" * 257}), 4400),
            ("subscribe without a payload", '{"type":"subscribe","id":"1"}', 4400),
            ("subscribe without a query", '{"type":"subscribe","id":"1","payload":{}}', 4400),
            ("a token that is no text", '{"type":"connection_init","payload":{"Authorization":1}}', 4403),
            ("too large", json.dumps({"type": "ping", "payload": {"a": "x" * 65_536}}), 1009),
        ],
    )
    def test_what_is_none_closes_the_socket(self, _case: str, text: str | None, code: int) -> None:
        with pytest.raises(Closing) as raised:
            parse_frame(text)

        assert raised.value.code == code
        assert len(raised.value.reason.encode()) <= 123

    @given(st.one_of(st.text(), JSON.map(json.dumps)))
    def test_nothing_else_ever_comes_of_a_text(self, text: str) -> None:
        assert close_code(text) in {None, 4400, 4403}

    @given(KINDS, JSON, JSON)
    def test_nothing_else_ever_comes_of_a_message(self, kind: str, identifier: object, payload: object) -> None:
        frame = {"type": kind, "id": identifier, "payload": payload}

        assert close_code(json.dumps(frame)) in {None, 4400, 4403}


class TestToText:
    def test_a_message_is_compact_json(self) -> None:
        assert to_text("next", id="1", payload={"data": None}) == '{"type":"next","id":"1","payload":{"data":null}}'
