"""Where words stand on real pages, by pdfium in a child of its own."""

import ctypes
import itertools
import random
import re
import struct
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdfium2 import raw

from lexora_gql.adapters.extraction import frames
from lexora_gql.adapters.extraction.page_reader import (
    CHARACTERS_MAX,
    PICTURE_BYTES_MAX,
    PictureReceiver,
    SandboxedPages,
    WordsReceiver,
)
from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from lexora_gql.adapters.extraction.pdf_pages import open_pdf
from lexora_gql.adapters.extraction.pdf_picture import BLUE, GREEN, RED, RESOLUTION, SIDE_PIXELS_MAX
from lexora_gql.adapters.extraction.pdf_words import read_words
from lexora_gql.adapters.extraction.receiving import Malformed
from lexora_gql.documents.places import PageRect, locate
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.adapters.made_files import PDF, PLAIN_TEXT, pdf, written
from tests.shared_data import require_shared_data

SEED = 20_261_128
QUOTES_A_PAGE = 3


@pytest.fixture(scope="module")
async def reader() -> AsyncIterator[SandboxedPages]:
    reader = SandboxedPages()
    yield reader
    await reader.aclose()


class TestWords:
    async def test_words_stand_where_they_were_put(self, reader: SandboxedPages, tmp_path: Path) -> None:
        file = tmp_path / "two.pdf"
        file.write_bytes(pdf([(700, "The boiler")], [(700, "One page"), (500, "Up")]))

        words = await reader.words(file, PDF, [2])

        assert {page: [word.text for word in found] for page, found in words.items()} == {2: ["One", "page", "Up"]}
        one, page, up = words[2]
        assert one.bottom == pytest.approx(700, abs=3)
        assert up.bottom == pytest.approx(500, abs=3)
        assert 72 <= one.sides[0][0] < one.sides[-1][1] < page.sides[0][0]

    async def test_pages_that_there_are_not_are_left_out(self, reader: SandboxedPages, tmp_path: Path) -> None:
        file = tmp_path / "one.pdf"
        file.write_bytes(pdf([(700, "The boiler")]))

        assert list(await reader.words(file, PDF, [0, 1, 2, 9_999])) == [1]

    async def test_other_formats_have_no_places(self, reader: SandboxedPages, tmp_path: Path) -> None:
        assert await reader.words(tmp_path / "never opened", PLAIN_TEXT, [1]) == {}

    async def test_a_file_that_is_no_pdf_says_so(self, reader: SandboxedPages, tmp_path: Path) -> None:
        file = tmp_path / "none.pdf"
        file.write_bytes(b"%PDF-1.7 and nothing")

        with pytest.raises(ExtractionFailed) as failure:
            await reader.words(file, PDF, [1])

        assert failure.value.code == "CORRUPT"


def pixel(picture: bytes, column: int, row: int) -> tuple[int, ...]:
    """Return red, green and blue of a place in a PNG as `draw_page` writes it."""
    columns, rows = struct.unpack(">II", picture[16:24])
    begin = picture.index(b"IDAT") + 4
    [size] = struct.unpack(">I", picture[begin - 8 : begin - 4])
    lines = zlib.decompress(picture[begin : begin + size])
    assert len(lines) == rows * (1 + 3 * columns)
    place = row * (1 + 3 * columns) + 1 + 3 * column
    return tuple(lines[place : place + 3])


class TestPicture:
    async def test_a_page_is_drawn_with_what_is_marked(self, reader: SandboxedPages, tmp_path: Path) -> None:
        file = tmp_path / "one.pdf"
        file.write_bytes(pdf([(700, "The boiler")]))

        picture = await reader.picture(file, PDF, 1, [(300.0, 300.0, 400.0, 350.0)])

        assert picture is not None
        assert picture.startswith(b"\x89PNG")
        pixels_a_point = RESOLUTION / 72
        middle, above = (int((792 - height) * pixels_a_point) for height in (325, 500))
        column = int(350 * pixels_a_point)
        assert pixel(picture, column, middle) == (RED, GREEN, BLUE)
        assert pixel(picture, column, above) == (255, 255, 255)

    async def test_a_page_of_any_size_is_of_a_size_to_be_shown(self, reader: SandboxedPages, tmp_path: Path) -> None:
        writer = PdfWriter()
        writer.add_blank_page(14_400, 100)
        file = tmp_path / "wide.pdf"
        file.write_bytes(written(writer))

        picture = await reader.picture(file, PDF, 1, [])

        assert picture is not None
        assert struct.unpack(">II", picture[16:24]) == (SIDE_PIXELS_MAX, 14)

    async def test_very_many_marks_are_cut_off(self, reader: SandboxedPages, tmp_path: Path) -> None:
        file = tmp_path / "one.pdf"
        file.write_bytes(pdf([(700, "The boiler")]))

        assert await reader.picture(file, PDF, 1, [(1000.25, 1000.25, 2000.25, 2000.25)] * 1_000)

    async def test_other_formats_are_not_drawn(self, reader: SandboxedPages, tmp_path: Path) -> None:
        assert await reader.picture(tmp_path / "never opened", PLAIN_TEXT, 1, []) is None

    async def test_a_page_that_there_is_not_says_so(self, reader: SandboxedPages, tmp_path: Path) -> None:
        file = tmp_path / "one.pdf"
        file.write_bytes(pdf([(700, "The boiler")]))

        with pytest.raises(ExtractionFailed):
            await reader.picture(file, PDF, 2, [])


class TestWhatAChildSays:
    """It may have been taken over by the file that it reads."""

    @pytest.mark.parametrize(
        "row",
        [
            [2, "a", 0, 9, [0, 5]],
            ["1", "a", 0, 9, [0, 5]],
            [1, "ab", 0, 9, [0, 5]],
            [1, 7, 0, 9, [0, 5]],
            [1, "a", "0", 9, [0, 5]],
            [1, "a", 0, 9, [0, None]],
            [1, "a", 0, float("nan"), [0, 5]],
            [1, "a", 0, float("inf"), [0, 5]],
            [1, "a" * (CHARACTERS_MAX + 1), 0, 9, [0.0] * 2 * (CHARACTERS_MAX + 1)],
        ],
        ids=["page", "page's kind", "sides", "text", "edge", "nothing", "nan", "infinite", "too much"],
    )
    def test_no_other_word_than_one_on_a_page_is_taken(self, row: list[object]) -> None:
        receiver = WordsReceiver(frozenset({1}))
        receiver.take(frames.WORDS, frames.pack_json(frames.WORDS, [[1, "a", 0, 9, [0, 5]]])[frames.HEADER.size :])

        with pytest.raises(Malformed):
            receiver.take(frames.WORDS, frames.pack_json(frames.WORDS, [row])[frames.HEADER.size :])

    def test_no_other_frame_is_taken(self) -> None:
        with pytest.raises(Malformed):
            WordsReceiver(frozenset({1})).take(frames.TEXT, b"text")
        with pytest.raises(Malformed):
            PictureReceiver().take(frames.TEXT, b"text")

    def test_a_picture_without_end_is_none(self) -> None:
        receiver = PictureReceiver()
        for _ in range(PICTURE_BYTES_MAX // frames.FRAME_BYTES_MAX):
            receiver.take(frames.PICTURE, bytes(frames.FRAME_BYTES_MAX))

        with pytest.raises(Malformed):
            receiver.take(frames.PICTURE, b"more")


@contextmanager
def pdfium_page(file: Path, number: int) -> Iterator[raw.FPDF_TEXTPAGE]:
    """Give a page's text as pdfium reads it."""
    document = open_pdf(file.read_bytes())
    assert document is not None
    page = raw.FPDF_LoadPage(document.raw, number - 1)
    text_page = raw.FPDFText_LoadPage(page)
    yield text_page
    raw.FPDFText_ClosePage(text_page)
    raw.FPDF_ClosePage(page)


def within(text_page: raw.FPDF_TEXTPAGE, rect: PageRect) -> str:
    """Return what pdfium reads in a rectangle."""
    edges = (rect.left, rect.top, rect.right, rect.bottom)
    size = raw.FPDFText_GetBoundedText(text_page, *edges, None, 0)
    buffer = (ctypes.c_ushort * (size + 1))()
    raw.FPDFText_GetBoundedText(text_page, *edges, buffer, size)
    return ctypes.string_at(buffer, size * 2).decode("utf-16-le", "ignore")


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def quotes(text: str) -> list[tuple[int, int]]:
    """Return where some sentences of a page begin and end."""
    ends = [0, *(match.end() for match in re.finditer(r"[.!?]\s|\n\n", text)), len(text)]
    spans = [(start, end) for start, end in itertools.pairwise(ends) if len(letters(text[start:end])) > 3]
    return random.Random(SEED).sample(spans, min(QUOTES_A_PAGE, len(spans)))


def test_what_pdfium_reads_in_the_rectangles_of_real_pages_is_the_quotation() -> None:
    wrong, right = [], 0
    for file in sorted(require_shared_data("docs", "pdf", "good").glob("kgrag-*/*.pdf"))[::2]:
        with file.open("rb") as source:
            *_, found = read_pdf(source, lambda *_: None)
        for page in random.Random(SEED).sample(found.pages, min(4, len(found.pages))):
            text = found.text[page.start : page.end]
            with file.open("rb") as source:
                words = [word for _, word in read_words(source, [page.number])]
            with pdfium_page(file, page.number) as text_page:
                for start, end in quotes(text):
                    marked = "".join(within(text_page, rect) for rect in locate(text, start, end, words, page.number))
                    if letters(marked) == letters(text[start:end]):
                        right += 1
                    else:
                        wrong.append((file.name, page.number, text[start:end], marked))

    assert wrong == []
    assert right >= 50
