"""Where words of a query stand in a passage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.retrieval.highlights import HIGHLIGHTS_MAX, highlights


def marked(text: str, query: str) -> list[str]:
    return [text[span.start : span.end] for span in highlights(text, query)]


class TestHighlights:
    @pytest.mark.parametrize(
        ("text", "query", "expected"),
        [
            ("Invoices are paid within 30 days.", "When are invoices paid?", ["Invoices", "are", "paid"]),
            ("The opening of the canteen", "when does it open", ["opening"]),
            ("A close call, closed and closing", "it closes", ["close", "closed", "closing"]),
            ("The thing sings", "sing", ["sings"]),
            ("in 2024 and 20245", "2024", ["2024"]),
            ("Zwei Größen", "GRÖSSEN", ["Größen"]),
            ("食堂は正午に開きます", "食堂はいつ", ["食堂は"]),
            ("nothing alike", "completely different", []),
            ("", "query", []),
            ("text", "", []),
        ],
    )
    def test_words_of_the_query_are_marked(self, text: str, query: str, expected: list[str]) -> None:
        assert marked(text, query) == expected

    def test_there_are_at_most_two_hundred(self) -> None:
        assert len(highlights("noon and " * 300, "noon")) == HIGHLIGHTS_MAX

    @given(st.text(max_size=200), st.text(max_size=50))
    def test_they_stand_in_order_within_the_text_and_never_overlap(self, text: str, query: str) -> None:
        end = 0
        for span in highlights(text, query):
            assert end <= span.start < span.end <= len(text)
            end = span.end
