"""Where a stretch of text stands on its page, found by its letters."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.adapters.offline.page_reader import LETTER_WIDTH, LINE_HEIGHT, typeset
from lexora_gql.documents.places import PageRect, locate
from lexora_gql.ports.page_reader import PlacedWord

PAGE = "The canteen opens at noon.\nIt serves soup, and on Fridays fish."
WORD = st.text("abcdeäß", min_size=1, max_size=9)
LINES = st.lists(st.lists(WORD, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=8)


def inside(words: Sequence[PlacedWord], rects: Sequence[PageRect]) -> str:
    """Return the letters whose middle is in one of the rectangles, in the order of these."""
    return "".join(
        letter
        for rect in rects
        for word in words
        for letter, (left, right) in zip(word.text, word.sides, strict=True)
        if rect.left < (left + right) / 2 < rect.right and rect.bottom < (word.bottom + word.top) / 2 < rect.top
    )


def found(stored: str, quote: str, drawn: str | None = None, *, which: int = 0) -> str:
    """Return what stands in the rectangles of a quotation, the so-manieth of its like, on a typewritten page."""
    words = typeset(drawn or stored)
    start = [match.start() for match in re.finditer(re.escape(quote), stored)][which]
    return inside(words, locate(stored, start, start + len(quote), words, 7))


class TestLocate:
    def test_a_line_is_a_rectangle_in_points(self) -> None:
        [rect] = locate(PAGE, 4, 17, typeset(PAGE), 7)

        assert (rect.page, rect.left, rect.right) == (7, 4 * LETTER_WIDTH, 17 * LETTER_WIDTH)
        assert rect.top - rect.bottom == LINE_HEIGHT

    def test_a_sentence_over_two_lines_is_two_rectangles(self) -> None:
        rects = locate(PAGE, 4, 45, typeset(PAGE), 7)

        assert len(rects) == 2
        assert rects[0].bottom >= rects[1].top

    @pytest.mark.parametrize(
        ("stored", "drawn", "quote"),
        [
            ("The infrastructure holds.", "The infra-\nstructure holds.", "infrastructure holds."),
            ("first column then second", "second\nfirst column then", "column then second"),
            ("The office is open.", "The o\ufb03ce is open.", "office is open."),
            ("Le cafe\u0301 est ouvert.", "Le café est ouvert.", "cafe\u0301 est ouvert."),
            ("Page one ends here.", "HEADER\nPage one ends\n3\nhere.", "one ends here."),
            ("発票は月末に払われます。", "発票は月末に\n払われます。", "月末に払われます"),
        ],
        ids=["hyphen", "order", "ligature", "accent", "number between", "no blanks"],
    )
    def test_the_letters_are_found_however_they_are_drawn(self, stored: str, drawn: str, quote: str) -> None:
        letters = {letter for letter in found(stored, quote, drawn) if letter.isalnum()}

        assert letters
        assert sorted(filter(str.isalnum, found(stored, quote, drawn).replace("\ufb03", "ffi").replace("é", "e"))) == (
            sorted(filter(str.isalnum, quote.replace("\u0301", "")))
        )

    def test_of_words_that_come_twice_those_are_marked_that_are_meant(self) -> None:
        page = "In March the boiler was looked after.\nIn April the boiler was looked after."
        words = typeset(page)
        second = page.index("the boiler was", 30)

        rects = locate(page, second, second + 14, words, 1)

        assert [rect.top for rect in rects] == [words[-1].top]

    def test_full_stops_and_quotation_marks_belong_to_it(self) -> None:
        assert found('He said "no." And left.', '"no."') == ""
        assert found('He said "never." And left.', '"never."') == '"never."'

    def test_words_far_apart_are_marked_by_themselves(self) -> None:
        assert len(locate("left right", 0, 10, typeset("left            right"), 1)) == 2

    @pytest.mark.parametrize("drawn", ["", "Something else is written here."])
    def test_what_is_not_there_is_not_marked(self, drawn: str) -> None:
        assert locate(PAGE, 0, 17, typeset(drawn), 1) == []

    @given(lines=LINES, data=st.data())
    def test_the_letters_in_the_rectangles_are_those_sought(self, lines: list[str], data: st.DataObject) -> None:
        page = "\n".join(lines)
        start = data.draw(st.integers(0, len(page)))
        end = data.draw(st.integers(start, len(page)))
        words = typeset(page)

        letters = inside(words, locate(page, start, end, words, 1))

        # Where it is found at all: what is shorter than four letters, or comes as often elsewhere, may stand anywhere.
        assert letters in {"", "".join(page[start:end].split())}
