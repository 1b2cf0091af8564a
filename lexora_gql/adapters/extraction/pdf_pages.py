"""Lines of PDF pages by pdfium, each with its place."""

import ctypes
import math
import statistics
from itertools import pairwise

import pypdfium2
from pypdfium2 import raw

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX
from lexora_gql.adapters.extraction.pdf_blanks import widest_false, without_false
from lexora_gql.adapters.extraction.pdf_fields import beside, prepare, values
from lexora_gql.adapters.extraction.pdf_gaps import Mender
from lexora_gql.adapters.extraction.pdf_lines import Line, Page
from lexora_gql.adapters.extraction.reading_order import Box, in_rows

HEIGHT_SAMPLES = 8
# The share of a page's height at its top and bottom where headers and footers stand, which come in any order; and how
# far up a line must stand above the one before it to be out of order, and how far to the right to begin a column.
MARGIN = 0.15
BACK = 4.0


class PageUnreadable(Exception):
    """pdfium cannot make sense of one page."""


def open_pdf(data: bytes) -> pypdfium2.PdfDocument | None:
    """Return the document, or None when pdfium gives up; with the empty password, which many files have.

    Raises:
        ExtractionFailed: ENCRYPTED.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise failures.encrypted("PDF") from None
        return None
    prepare(document)
    return document


def read_page(document: pypdfium2.PdfDocument, index: int, mender: Mender) -> Page:
    """Return a page's lines as pdfium orders them, with what is filled in beside them.

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
            edges = raw.FS_RECTF()
            raw.FPDF_GetPageBoundingBox(page, ctypes.byref(edges))
            lines = _ordered(text_page, _lines(text_page, mender), edges)
            # A page without text of its own is a picture: what is filled in says little without it.
            filled = values(document, page) if lines else []
            return Page(beside(lines, filled), _letter_height(text_page), edges.bottom, edges.top)
        finally:
            raw.FPDFText_ClosePage(text_page)
    finally:
        raw.FPDF_ClosePage(page)


def _lines(text_page: raw.FPDF_TEXTPAGE, mender: Mender) -> tuple[Line, ...]:
    whole = _text(text_page)
    rows = whole.split("\r\n")
    widest = widest_false(text_page, whole)
    has_gaps = mender.may_have_gaps(text_page, len(rows))
    lines = []
    x, y = ctypes.c_double(), ctypes.c_double()
    position = 0
    for row in rows:
        if text := row.strip():
            begin = position + len(row) - len(row.lstrip())
            place = raw.FPDFText_GetCharIndexFromTextIndex(text_page, begin)
            raw.FPDFText_GetCharOrigin(text_page, place, ctypes.byref(x), ctypes.byref(y))
            mended = mender.mend(text_page, text, begin) if has_gaps else text
            # Where words come apart, as from text recognition, none are run together.
            mended = without_false(text_page, text, begin, widest) if widest else mended
            lines.append(Line(mended, x.value, y.value, place + len(text) - 1))
        position += len(row) + 2
    return tuple(lines)


def _ordered(text_page: raw.FPDF_TEXTPAGE, lines: tuple[Line, ...], edges: raw.FS_RECTF) -> tuple[Line, ...]:
    """Return the lines as people read them, where the file goes back up and there is no doubt about the order."""
    margin = (edges.top - edges.bottom) * MARGIN
    within = [line for line in lines if edges.bottom + margin < line.y < edges.top - margin]
    if not any(other.y > one.y + BACK and other.x < one.x + BACK for one, other in pairwise(within)):
        return lines
    box = raw.FS_RECTF()
    boxes = []
    for line in lines:
        raw.FPDFText_GetLooseCharBox(text_page, line.last, ctypes.byref(box))
        boxes.append(Box(line.x, max(line.x, box.right), box.bottom, max(box.bottom, box.top)))
    rows = in_rows(boxes)
    # Lines beside each other are columns that are no prose, such as those of a table: the file knows better.
    return lines if any(len(row) > 1 for row in rows) else tuple(lines[place] for [place] in rows)


def _text(text_page: raw.FPDF_TEXTPAGE) -> str:
    count = raw.FPDFText_CountChars(text_page)
    if count > CHARACTERS_MAX:
        raise failures.too_much_text()
    if count <= 0:
        return ""
    # Two units a character: those beyond the basic plane take a pair.
    buffer = (ctypes.c_ushort * (2 * count + 2))()
    units = raw.FPDFText_GetText(text_page, 0, count, buffer)
    return ctypes.string_at(buffer, max(0, units - 1) * 2).decode("utf-16-le", "ignore")


def _letter_height(text_page: raw.FPDF_TEXTPAGE) -> float:
    box = raw.FS_RECTF()
    count = raw.FPDFText_CountChars(text_page)
    places = (count * sample // HEIGHT_SAMPLES for sample in range(HEIGHT_SAMPLES))
    heights = [
        float(box.top - box.bottom)
        for place in places
        if raw.FPDFText_GetLooseCharBox(text_page, place, ctypes.byref(box)) and box.top > box.bottom
    ]
    return statistics.median_low(heights or [math.inf])
