"""Text of PDF pages by pdfium, with an empty line where the layout parts paragraphs."""

import ctypes
import math
import re
import statistics
from collections.abc import Iterator
from itertools import pairwise

import pypdfium2
from pypdfium2 import raw

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX

# How much further than usual the next line must stand to begin a paragraph; line spacing varies by a few percent.
PARAGRAPH_GAP = 1.2
CLEAR_GAP = 1.6
# Lines of one paragraph stand no further apart than this many times their letters' height.
LOOSEST_LINES = 1.6
HEIGHT_SAMPLES = 8
SAME_LINE = 0.3
_CONTINUES = re.compile(r"[\w,;-]\s*\Z")


class PageUnreadable(Exception):
    """pdfium cannot make sense of one page."""


def open_pdf(data: bytes) -> pypdfium2.PdfDocument | None:
    """Return the document, or None when pdfium gives up; with the empty password, which many files have.

    Raises:
        ExtractionFailed: ENCRYPTED.
    """
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise failures.encrypted("PDF") from None
        return None


def page_text(document: pypdfium2.PdfDocument, index: int) -> str:
    """Return a page's text as pdfium orders it.

    Words that were hyphenated at a line end come with U+FFFE in the hyphen's place and without the line end.

    Raises:
        PageUnreadable: The page, or its text, cannot be loaded.
        ExtractionFailed: TOO_LARGE_TO_PARSE, one page holding more than a whole document may.
    """
    # The raw interface: the one above it makes five Python objects a page and has no cheap way to a line's place.
    page = raw.FPDF_LoadPage(document.raw, index)
    if not page:
        raise PageUnreadable
    try:
        text_page = raw.FPDFText_LoadPage(page)
        if not text_page:
            raise PageUnreadable
        try:
            return _with_paragraphs(text_page, _lines(text_page))
        finally:
            raw.FPDFText_ClosePage(text_page)
    finally:
        raw.FPDF_ClosePage(page)


def _lines(text_page: raw.FPDF_TEXTPAGE) -> list[str]:
    count = raw.FPDFText_CountChars(text_page)
    if count > CHARACTERS_MAX:
        raise failures.too_much_text()
    if count <= 0:
        return []
    # Two units a character: those beyond the basic plane take a pair.
    buffer = (ctypes.c_ushort * (2 * count + 2))()
    units = raw.FPDFText_GetText(text_page, 0, count, buffer)
    return ctypes.string_at(buffer, max(0, units - 1) * 2).decode("utf-16-le", "ignore").split("\r\n")


def _with_paragraphs(text_page: raw.FPDF_TEXTPAGE, lines: list[str]) -> str:
    heights = list(_heights(text_page, lines))
    kept = [line.strip() for line in lines if line.strip()]
    gaps = [above - below for above, below in pairwise(heights)]
    downward = [gap for gap in gaps if gap > 0]
    if not downward:
        return "\n".join(kept)
    # On a page of few lines the usual distance may be that of paragraphs.
    pitch = min(statistics.median_low(downward), LOOSEST_LINES * _line_height(text_page))
    pieces = kept[:1]
    for place, gap in enumerate(gaps):
        around = min((near for near in gaps[max(0, place - 1) : place + 2] if near > SAME_LINE * pitch), default=pitch)
        pieces.append("\n\n" if _parts(gap, pitch, around, kept[place], kept[place + 1]) else "\n")
        pieces.append(kept[place + 1])
    return "".join(pieces)


def _line_height(text_page: raw.FPDF_TEXTPAGE) -> float:
    """Return how high letters of the page's usual font stand, in points."""
    box = raw.FS_RECTF()
    count = raw.FPDFText_CountChars(text_page)
    places = (count * sample // HEIGHT_SAMPLES for sample in range(HEIGHT_SAMPLES))
    heights = [
        float(box.top - box.bottom)
        for place in places
        if raw.FPDFText_GetLooseCharBox(text_page, place, ctypes.byref(box)) and box.top > box.bottom
    ]
    return statistics.median_low(heights or [math.inf])


def _parts(gap: float, pitch: float, around: float, line: str, following: str) -> bool:
    """Whether a paragraph ends between two lines.

    Args:
        gap: How much lower the second line stands; negative where a column begins.
        pitch: The page's usual distance between lines.
        around: The smallest distance nearby: wide and even spacing is not a row of paragraphs.
        line: The first line.
        following: The second line.
    """
    if gap < -SAME_LINE * pitch:
        return not (_CONTINUES.search(line) and following[0].islower())
    return gap > CLEAR_GAP * pitch or gap > PARAGRAPH_GAP * max(pitch, around)


def _heights(text_page: raw.FPDF_TEXTPAGE, lines: list[str]) -> Iterator[float]:
    """Yield where each line that holds text begins, in points above the bottom."""
    x, y = ctypes.c_double(), ctypes.c_double()
    position = 0
    for line in lines:
        if line.strip():
            place = raw.FPDFText_GetCharIndexFromTextIndex(text_page, position + len(line) - len(line.lstrip()))
            raw.FPDFText_GetCharOrigin(text_page, place, ctypes.byref(x), ctypes.byref(y))
            yield y.value
        position += len(line) + 2
