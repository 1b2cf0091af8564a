"""Words that a PDF sets close together, each by itself."""

import io
from itertools import accumulate

import pytest
from pypdf.generic import DecodedStreamObject, NameObject

from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from tests.adapters.made_files import pdf_writer, written
from tests.adapters.reading_processes import ignore

# Of Helvetica at 12 points.
WIDTHS = {"that": 20.02, "of": 10.01, "justice": 34.01} | dict(
    zip("SUBJECT", (8.0, 8.67, 8.0, 6.0, 8.0, 8.67, 7.33), strict=True)
)


def read(*pieces: tuple[float, str]) -> str:
    """Return the text of a line of which each piece is set by itself, at its place in points from the left."""
    writer = pdf_writer([])
    content = DecodedStreamObject()
    content.set_data("\n".join(f"BT /F1 12 Tf {x} 700 Td ({text}) Tj ET" for x, text in pieces).encode())
    writer.pages[0][NameObject("/Contents")] = writer._add_object(content)
    [*_, found] = read_pdf(io.BytesIO(written(writer)), ignore)
    return found.text


class TestMending:
    @pytest.mark.parametrize(
        ("first", "second"), [("that", "infrastructure"), ("of", "Transportation"), ("justice", "concerns")]
    )
    def test_words_that_stand_apart_are_two(self, first: str, second: str) -> None:
        assert read((72, first), (72 + WIDTHS[first] + 1.2, second)) == f"{first} {second}"

    def test_a_word_in_two_pieces_is_one(self) -> None:
        assert read((72, "that"), (72 + WIDTHS["that"], "ch")) == "thatch"

    def test_letters_that_all_stand_apart_are_a_word(self) -> None:
        places = accumulate((WIDTHS[letter] + 1.2 for letter in "SUBJEC"), initial=72.0)

        assert read(*zip(places, "SUBJECT", strict=True)) == "SUBJECT"

    def test_a_sign_that_ends_a_sentence_stays_with_it(self) -> None:
        assert read((72, "that"), (72 + WIDTHS["that"] + 1.6, ":")) == "that:"
