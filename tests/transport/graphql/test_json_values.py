"""How much JSON may say."""

import json

import pytest

from lexora_gql.transport.graphql.json_values import (
    JSON_VALUES_MAX,
    MARKS_MAX,
    TooManyValues,
    require_few_marks,
    require_few_values,
)

MANY = JSON_VALUES_MAX


class TestBeforeReading:
    @pytest.mark.parametrize(
        ("_case", "value"),
        [
            ("as many values as allowed", [0] * MANY),
            ("as many lists", [[]] * MANY),
            ("as many objects", [{}] * MANY),
            ("a document of nothing but commas", {"query": "," * 50_000, "variables": {"ids": ["a"] * 9_000}}),
            ("a long text", "a" * 1_000_000),
        ],
    )
    def test_what_may_be_few_is_read(self, _case: str, value: object) -> None:
        require_few_marks(json.dumps(value).encode(), "The body")

    @pytest.mark.parametrize("piece", [b"[],", b"{},", b"1,", b"[", b'{"a":', b'"\\",'])
    def test_what_cannot_be_few_is_not(self, piece: bytes) -> None:
        with pytest.raises(TooManyValues) as raised:
            require_few_marks(piece * (MARKS_MAX + 1), "The body")

        assert raised.value.message == "The body holds too many values; at most 10,000 are allowed."
        assert (raised.value.status, raised.value.code) == (400, "TOO_COSTLY")


class TestAfterReading:
    @pytest.mark.parametrize(
        ("_case", "value"),
        [
            ("a list", [0] * MANY),
            ("an object", {str(at): 0 for at in range(MANY)}),
            ("both", {"a": [0] * (MANY // 2), "b": [0] * (MANY // 2 - 2)}),
            ("deep ones", [[[0] * (MANY - 2)]]),
            ("a text", "," * 1_000_000),
        ],
    )
    def test_as_many_as_allowed_are_taken(self, _case: str, value: object) -> None:
        require_few_values(value, "The body")

    @pytest.mark.parametrize(
        ("_case", "value"),
        [
            ("a list", [0] * (MANY + 1)),
            ("an object", {str(at): 0 for at in range(MANY + 1)}),
            ("both", {"a": [0] * (MANY // 2), "b": [0] * (MANY // 2 - 1)}),
            ("deep ones", [[[0] * (MANY - 1)]]),
            ("lists of nothing", [[]] * (MANY + 1)),
        ],
    )
    def test_one_more_is_refused(self, _case: str, value: object) -> None:
        with pytest.raises(TooManyValues, match="`variables` holds too many values"):
            require_few_values(value, "`variables`")
