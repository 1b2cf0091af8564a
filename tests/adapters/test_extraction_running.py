"""Headers, footers and page numbers that run through a PDF's pages."""

import io

from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from lexora_gql.ports.text_extractor import ExtractedText
from tests.adapters.made_files import pdf
from tests.adapters.reading_processes import ignore

TOP, TITLE, FIRST, SECOND, BOTTOM = 760.0, 720.0, 700.0, 686.0, 30.0
NAMES = ["Pay", "Leave", "Travel", "Illness", "Notice", "Pension"]


def read(*pages: list[tuple[float, str]]) -> ExtractedText:
    return list(read_pdf(io.BytesIO(pdf(*pages)), ignore))[-1]


def texts(found: ExtractedText) -> list[str]:
    return [found.text[page.start : page.end].strip() for page in found.pages]


def body(name: str) -> list[tuple[float, str]]:
    return [(500.0, f"All about {name.lower()}."), (486.0, "It is said once.")]


def expected(name: str) -> str:
    return f"All about {name.lower()}.\nIt is said once."


class TestDropping:
    def test_a_header_stays_once_and_page_numbers_go(self) -> None:
        found = read(
            *(
                [(TOP, "Staff handbook"), *body(name), (BOTTOM, f"Page {number} of 6")]
                for number, name in enumerate(NAMES, 1)
            )
        )

        assert texts(found) == [f"Staff handbook\n\n{expected('Pay')}", *map(expected, NAMES[1:])]

    def test_wherever_they_stand_in_the_file(self) -> None:
        found = read(
            *([(BOTTOM, f"- {number} -"), *body(name), (TOP, "Staff handbook")] for number, name in enumerate(NAMES))
        )

        assert texts(found)[1:] == [expected(name) for name in NAMES[1:]]

    def test_a_number_beside_the_header(self) -> None:
        found = read(
            *([(TOP, f"Staff handbook of 2024 | {number}"), *body(name)] for number, name in enumerate(NAMES, 11))
        )

        assert texts(found)[0].startswith("Staff handbook of 2024 | 11")
        assert texts(found)[1:] == [expected(name) for name in NAMES[1:]]

    def test_left_and_right_pages_may_differ(self) -> None:
        headers = ["Staff handbook", "Part one"] * 3
        found = read(*([(TOP, header), *body(name)] for header, name in zip(headers, NAMES, strict=True)))

        assert texts(found)[2:] == [expected(name) for name in NAMES[2:]]

    def test_roman_numbers_count_too(self) -> None:
        numbers = ["iii", "iv", "v", "vi", "vii", "viii"]
        found = read(*([*body(name), (BOTTOM, number)] for number, name in zip(numbers, NAMES, strict=True)))

        assert texts(found) == list(map(expected, NAMES))

    def test_the_header_of_each_chapter_stays_once(self) -> None:
        headers = ["1 Money"] * 3 + ["2 Time"] * 3
        found = read(*([(TOP, header), *body(name)] for header, name in zip(headers, NAMES, strict=True)))

        assert [text.splitlines()[0] for text in texts(found)] == [
            "1 Money", "All about leave.", "All about travel.", "2 Time", "All about notice.", "All about pension.",
        ]  # fmt: skip


class TestKeeping:
    def test_what_stands_where_other_text_stands_is_text(self) -> None:
        titles = ["Indicators", "Indicators", "Indicators", "Goals", "Strategy", "Money"]
        found = read(*([(TITLE, title), *body(name)] for title, name in zip(titles, NAMES, strict=True)))

        assert [text.splitlines()[0] for text in texts(found)] == titles

    def test_what_stands_within_the_page_is_text(self) -> None:
        found = read(*([(600.0, "Description"), *body(name)] for name in NAMES))

        assert all(text.startswith("Description") for text in texts(found))

    def test_numbers_that_do_not_count_with_the_pages_are_text(self) -> None:
        sums = [120, 77, 431, 9, 215, 88]
        found = read(*([*body(name), (BOTTOM, f"Total {number}")] for number, name in zip(sums, NAMES, strict=True)))

        assert [text.splitlines()[-1] for text in texts(found)] == [f"Total {number}" for number in sums]

    def test_two_pages_are_too_few_to_tell(self) -> None:
        found = read(*([(TOP, "Staff handbook"), *body(name)] for name in NAMES[:2]))

        assert all(text.startswith("Staff handbook") for text in texts(found))

    def test_a_page_that_has_nothing_else_keeps_it(self) -> None:
        found = read(*([(TOP, f"Page {number}")] for number in range(1, 7)))

        assert texts(found) == [f"Page {number}" for number in range(1, 7)]
