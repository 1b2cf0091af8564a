"""Inside the child: where the words of a PDF's pages stand, by pdfium."""

import ctypes
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from pypdfium2 import raw

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX
from lexora_gql.adapters.extraction.pdf_pages import open_pdf
from lexora_gql.ports.page_reader import PlacedWord

# A hundredth of a point is less than a pixel of any screen.
DIGITS = 2
# What leads the eye from a title to its page is no word; a frame holds hundreds of this length.
LETTERS_MAX = 100


def read_words(source: BinaryIO, numbers: Sequence[int]) -> Iterator[tuple[int, PlacedWord]]:
    """Yield the words of pages, in the file's order.

    Args:
        source: The PDF.
        numbers: Of the pages, the first being 1; those that there are not are left out.

    Raises:
        ExtractionFailed: ENCRYPTED, CORRUPT or TOO_LARGE_TO_PARSE.
    """
    document = open_pdf(source.read())
    if document is None:
        raise failures.corrupt("PDF")
    for number in numbers:
        if not 0 < number <= len(document) or not (page := raw.FPDF_LoadPage(document.raw, number - 1)):
            continue
        try:
            if text_page := raw.FPDFText_LoadPage(page):
                try:
                    yield from ((number, word) for word in _words(text_page))
                finally:
                    raw.FPDFText_ClosePage(text_page)
        finally:
            raw.FPDF_ClosePage(page)


def _words(text_page: raw.FPDF_TEXTPAGE) -> Iterator[PlacedWord]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    edges = [ctypes.byref(edge) for edge in (left, right, bottom, top)]
    count = raw.FPDFText_CountChars(text_page)
    if count > CHARACTERS_MAX:
        raise failures.too_much_text()
    letters: list[str] = []
    boxes: list[tuple[float, float, float, float]] = []
    for place in range(count):
        code = raw.FPDFText_GetUnicode(text_page, place)
        letter = chr(code) if code <= 0x10FFFF else " "
        # A control character is pdfium's mark for a hyphen at a line end: the rest of the word stands on the next line.
        is_apart = letter.isspace() or letter < " "
        if is_apart or len(letters) == LETTERS_MAX:
            if letters:
                yield _word(letters, boxes)
            letters, boxes = [], []
        # What pdfium put there itself stands nowhere.
        if not is_apart and raw.FPDFText_GetCharBox(text_page, place, *edges) and right.value > left.value:
            letters.append(letter)
            boxes.append((left.value, right.value, bottom.value, top.value))
    if letters:
        yield _word(letters, boxes)


def _word(letters: Sequence[str], boxes: Sequence[tuple[float, float, float, float]]) -> PlacedWord:
    return PlacedWord(
        "".join(letters),
        round(min(box[2] for box in boxes), DIGITS),
        round(max(box[3] for box in boxes), DIGITS),
        tuple((round(box[0], DIGITS), round(box[1], DIGITS)) for box in boxes),
    )
