"""Markers of real sources pass on, invented ones do not, wherever the text was cut."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.conversations.citations.marker_shapes import TAIL_CHARACTERS_MAX
from lexora_gql.conversations.citations.markers import MarkerFilter, MarkerSpan, without_markers

SOURCES = frozenset({1, 2, 3})
BITS = st.sampled_from(
    [
        *"[]【】［］()123459０１٣,，-–^: .\n\\`_a中é\u200b",
        "[1]",
        "[99]",
        "[1, 2]",
        " [",
        "](http://x)",
        "word",
        "```",
        "[^",
    ]
)
TEXTS = st.lists(BITS, max_size=40).map("".join)


def shown(text: str, valid: frozenset[int] = SOURCES) -> str:
    markers = MarkerFilter(valid)
    return markers.feed(text) + markers.flush()


class TestWhatPasses:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Paid within 30 days [1].", "Paid within 30 days [1]."),
            ("Paid[1][3].", "Paid[1][3]."),
            ("Paid [1, 2].", "Paid [1][2]."),
            ("Paid [1,2;3].", "Paid [1][2][3]."),
            ("Paid [1-3].", "Paid [1][2][3]."),
            ("Paid [1–3].", "Paid [1][2][3]."),
            ("Paid [3-1].", "Paid [3][1]."),
            ("Paid [ 1 ].", "Paid [1]."),
            ("Paid [01].", "Paid [1]."),
            ("支付【1】。", "支付[1]。"),
            ("支付［２］。", "支付[2]。"),
            ("يدفع [٣].", "يدفع [3]."),
            ("Paid [^1].", "Paid [1]."),
            ("Paid [[1]].", "Paid [1]."),
            ("[[1] and [2]] say so", "[1] and [2] say so"),
            (r"Paid \[1\].", "Paid [1]."),
            ("Paid [1] [1] now", "Paid [1] now"),
        ],
    )
    def test_known_numbers_come_out_one_to_a_bracket(self, text: str, expected: str) -> None:
        assert shown(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "[x] done, [ ] open, [] none, [-]",
            "Section [1a], [p. 3], [1.5], [a1]",
            "Index `a[10]` and `m[0][99]`",
            "```python\nx = a[10]\n```\n",
            "A [link](https://example.org) and (1)",
            r"Formula \[x^2\]",
            "Four  blanks    stay,\n\n    and lines too.",
        ],
    )
    def test_text_that_is_no_marker_stays_as_it_is(self, text: str) -> None:
        assert shown(text) == text


class TestWhatGoes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Paid [99].", "Paid."),
            ("Paid [0] at once", "Paid at once"),
            ("Paid[99] at once", "Paid at once"),
            ("Paid [1, 99].", "Paid [1]."),
            ("Paid [1][99].", "Paid [1]."),
            ("Paid [99][1].", "Paid [1]."),
            ("Paid [99] [1].", "Paid [1]."),
            ("Paid [1-99].", "Paid [1]."),
            ("Paid 【99】, 【4】.", "Paid,."),
            ("Paid [９９].", "Paid."),
            ("Paid [9\u200b9].", "Paid."),
            (r"Paid \[99\].", "Paid."),
            ("Paid [[99]].", "Paid."),
            ("Paid [9[99]9].", "Paid [99."),
            ("In [2022] it rose", "In it rose"),
            ("a[10] outside of code", "a outside of code"),
            ("- [99] item\n[99] line", "- item\nline"),
            ("Paid [99]\nnext", "Paid\nnext"),
            ("Paid [" + ", ".join(map(str, range(1, 60))) + "].", "Paid [1][2][3]."),
            ("Paid [" + "9" * 60 + "].", "Paid."),
            ("cut off [1", "cut off"),
            ("cut off [1, 2", "cut off"),
        ],
    )
    def test_invented_numbers_go_without_a_trace(self, text: str, expected: str) -> None:
        assert shown(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Paid [1](https://made.up/a_(b)) now", "Paid [1] now"),
            ("Paid [99](https://made.up) now", "Paid now"),
            ("Paid [1](#note).", "Paid [1]."),
            ("Paid [1](see below)", "Paid [1] (see below)"),
            ("Paid [99](see below)", "Paid (see below)"),
            ("[1]: https://made.up", "[1] https://made.up"),
            ("[^99]: Handbook", "Handbook"),
            ("As [1]: so", "As [1]: so"),
        ],
    )
    def test_a_marker_never_becomes_a_link(self, text: str, expected: str) -> None:
        assert shown(text) == expected

    def test_without_markers_is_for_readers_without_sources(self) -> None:
        assert without_markers("Paid [1] within 30 days [2, 3].") == "Paid within 30 days."


class TestSpans:
    def test_they_are_places_in_what_is_shown(self) -> None:
        markers = MarkerFilter(SOURCES)
        text = markers.feed("𝔘p [99] [1, 2]. ") + markers.feed("Down 【3】.") + markers.flush()

        assert text == "𝔘p [1][2]. Down [3]."
        assert markers.spans == (MarkerSpan(1, 3, 6), MarkerSpan(2, 6, 9), MarkerSpan(3, 16, 19))


class TestEveryText:
    @given(TEXTS, st.lists(st.integers(0, 60), max_size=8))
    def test_cutting_makes_no_difference(self, text: str, places: list[int]) -> None:
        markers = MarkerFilter(SOURCES)
        edges = [0, *sorted(min(place, len(text)) for place in places), len(text)]
        pieces = [text[start:end] for start, end in itertools.pairwise(edges)]
        whole = MarkerFilter(SOURCES)

        in_pieces = "".join(map(markers.feed, pieces)) + markers.flush()

        assert in_pieces == whole.feed(text) + whole.flush()
        assert markers.spans == whole.spans

    @given(TEXTS.map(lambda text: text.replace("`", "")))
    def test_no_invented_marker_is_shown_and_every_marker_has_its_span(self, text: str) -> None:
        markers = MarkerFilter(SOURCES)

        content = markers.feed(text) + markers.flush()

        seen = [(int(match[1]), *match.span()) for match in re.finditer(r"\[(\d+)\]", content)]
        assert seen == [(span.marker, span.start, span.end) for span in markers.spans]
        assert {number for number, _, _ in seen} <= SOURCES

    @given(TEXTS)
    def test_little_is_held_back(self, text: str) -> None:
        markers = MarkerFilter(SOURCES)
        for character in text:
            markers.feed(character)
            assert markers.held_characters <= TAIL_CHARACTERS_MAX

    @given(st.text())
    def test_text_without_brackets_stays_as_it_is(self, text: str) -> None:
        plain = re.sub(r"[\[\]【】［］〔〕]", "", text)
        assert shown(plain) == plain
