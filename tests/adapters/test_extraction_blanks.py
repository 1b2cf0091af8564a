"""Words that pdfium pulls apart, in files that write their blanks."""

import io

from pypdf.generic import DecodedStreamObject, NameObject

from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from tests.adapters.made_files import pdf_writer, written
from tests.adapters.reading_processes import ignore

# With blanks of nine points, half a letter's height.
PROSE = ["The first of the lines has blanks of its own", "and the second line has some more of them", "as a third has"]


def text_of(*drawn: str) -> str:
    writer = pdf_writer([])
    content = DecodedStreamObject()
    content.set_data(f"/F1 12 Tf 6 Tw {' '.join(f'BT {piece} ET' for piece in drawn)}".encode())
    writer.pages[0][NameObject("/Contents")] = writer._add_object(content)
    [*_, found] = read_pdf(io.BytesIO(written(writer)), ignore)
    return found.text


def line(height: int, *pieces: tuple[float, str]) -> str:
    return " ".join(f"1 0 0 1 {x} {height} Tm ({text}) Tj" for x, text in pieces)


class TestBlanks:
    prose = tuple(line(700 - 14 * row, (72, text)) for row, text in enumerate(PROSE))

    def test_a_letter_that_stands_a_little_apart_belongs_to_its_word(self) -> None:
        # "Th" is 14 points wide: the gap is of three points.
        apart = [line(600 - 14 * row, (72, "Th"), (89, "e end")) for row in range(4)]

        assert text_of(*self.prose, *apart).count("The end") == 4

    def test_a_gap_as_wide_as_a_blank_is_one(self) -> None:
        apart = [line(600 - 14 * row, (72, "At"), (92, "an end")) for row in range(4)]

        assert text_of(*self.prose, *apart).count("At an end") == 4

    def test_pieces_that_stand_elsewhere_are_not_joined(self) -> None:
        # Half a line lower, and back to the left: pdfium takes that for a blank.
        apart = [f"{line(600 - 40 * row, (120, 'Th'))} {line(595 - 40 * row, (72, 'e end'))}" for row in range(4)]

        assert text_of(*self.prose, *apart).count("The") == 1

    def test_where_the_file_has_few_blanks_a_gap_is_one(self) -> None:
        apart = [line(600 - 14 * row, (72, "Th"), (89, "e end")) for row in range(4)]

        assert text_of(*apart).count("Th e end") == 4
