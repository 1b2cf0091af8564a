"""In which order the lines of a PDF's page come."""

import io

from pypdf.generic import DecodedStreamObject, NameObject

from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from lexora_gql.adapters.extraction.reading_order import Box, in_rows
from tests.adapters.made_files import pdf_writer, written
from tests.adapters.reading_processes import ignore

Piece = tuple[float, float, str]
TITLE: list[Piece] = [(72, 700, "A title over both of the columns, which is nearly as wide as the page, or wider")]
LEFT_TEXT = [
    "The first column of the page is here",
    "and it goes on over several lines of",
    "text until it comes to its end which",
    "is where the second column begins.",
]
RIGHT_TEXT = [
    "Then the second column has its own",
    "lines which belong together as well",
    "and must not be mixed with those of",
    "the first column of the same page.",
]
LEFT: list[Piece] = [(72, 600 - 14 * row, line) for row, line in enumerate(LEFT_TEXT)]
RIGHT: list[Piece] = [(320, 600 - 14 * row, line) for row, line in enumerate(RIGHT_TEXT)]
IN_ORDER = [TITLE[0][2], *LEFT_TEXT, *RIGHT_TEXT]


def lines(*pieces: Piece) -> list[str]:
    """Return the lines of a page that is drawn in this order."""
    writer = pdf_writer([])
    content = DecodedStreamObject()
    content.set_data("\n".join(f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET" for x, y, text in pieces).encode())
    writer.pages[0][NameObject("/Contents")] = writer._add_object(content)
    [*_, found] = read_pdf(io.BytesIO(written(writer)), ignore)
    return [line for line in found.text.splitlines() if line]


class TestPdf:
    def test_columns_in_order_stay(self) -> None:
        assert lines(*TITLE, *LEFT, *RIGHT) == IN_ORDER

    def test_the_left_column_comes_first(self) -> None:
        assert lines(*TITLE, *RIGHT, *LEFT) == IN_ORDER

    def test_a_title_that_is_drawn_last_comes_first(self) -> None:
        assert lines(*LEFT, *RIGHT, (72, 650, TITLE[0][2])) == IN_ORDER

    def test_what_is_drawn_from_below_is_read_from_above(self) -> None:
        assert lines(*TITLE, *reversed(LEFT), *reversed(RIGHT)) == IN_ORDER

    def test_the_cells_of_a_table_stay_in_the_order_of_the_file(self) -> None:
        cells: list[Piece] = [
            (72, 600, "Pay"), (72, 586, "weekly"), (200, 600, "30 days"), (200, 586, "at most"),
            (72, 560, "Leave"), (200, 560, "25 days"), (72, 574, "Note"),
        ]  # fmt: skip

        assert lines(*cells)[:4] == ["Pay", "weekly", "30 days", "at most"]


class TestRows:
    def test_what_stands_side_by_side_is_a_row(self) -> None:
        boxes = [Box(200, 260, 0, 10), Box(0, 60, 1, 11), Box(0, 60, 20, 30)]

        assert in_rows(boxes) == [[2], [1, 0]]

    def test_narrow_columns_are_those_of_a_table(self) -> None:
        boxes = [Box(left, left + 50, -20 * row, 10 - 20 * row) for left in (0, 120) for row in range(3)]

        assert in_rows(boxes) == [[0, 3], [1, 4], [2, 5]]

    def test_a_title_parts_what_stands_above_it_from_what_stands_below(self) -> None:
        def columns(height: int) -> list[Box]:
            return [
                Box(left, left + 100, height - 12 * row, height - 12 * row + 10)
                for left in (0, 120)
                for row in range(3)
            ]

        boxes = [*columns(200), Box(0, 220, 140, 150), *columns(100)]

        assert in_rows(boxes) == [[place] for place in range(13)]

    def test_nothing_has_no_rows(self) -> None:
        assert in_rows([]) == []
