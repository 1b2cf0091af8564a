"""Inside the child: how a page of a PDF looks, with places on it marked, by pdfium."""

import ctypes
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import BinaryIO

import pypdfium2
from pypdfium2 import raw

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.pdf_pages import open_pdf
from lexora_gql.ports.page_reader import Mark

# Enough to read small print on a screen; a page of any size fits into the memory of a child.
RESOLUTION = 110
SIDE_PIXELS_MAX = 2_000
POINTS_AN_INCH = 72
# Yellow, as of a text marker: multiplied, what is under it stays readable.
RED, GREEN, BLUE = 255, 226, 84
# In points: letters at the edge of a mark are easier to read.
MARGIN = 1.0


def draw_page(source: BinaryIO, number: int, marks: Sequence[Mark]) -> bytes:
    """Return a PNG of a page.

    Args:
        source: The PDF.
        number: Of the page, the first being 1.
        marks: What is marked on it.

    Raises:
        ExtractionFailed: ENCRYPTED or CORRUPT, also where there is no such page.
    """
    document = open_pdf(source.read())
    if document is None or not 0 < number <= len(document):
        raise failures.corrupt("PDF")
    page = raw.FPDF_LoadPage(document.raw, number - 1)
    if not page:
        raise failures.corrupt("PDF")
    for mark in marks:
        _lay(page, mark)
    return _drawn(document, page)


def _lay(page: raw.FPDF_PAGE, mark: Mark) -> None:
    left, bottom, right, top = mark
    box = raw.FPDFPageObj_CreateNewRect(
        left - MARGIN, bottom - MARGIN, right - left + 2 * MARGIN, top - bottom + 2 * MARGIN
    )
    raw.FPDFPageObj_SetFillColor(box, RED, GREEN, BLUE, 255)
    raw.FPDFPageObj_SetBlendMode(box, b"Multiply")
    raw.FPDFPath_SetDrawMode(box, raw.FPDF_FILLMODE_WINDING, False)  # noqa: FBT003  # pdfium takes it by position only
    # It is the page's from here on, and goes with it.
    raw.FPDFPage_InsertObject(page, box)


def _drawn(document: pypdfium2.PdfDocument, page: raw.FPDF_PAGE) -> bytes:
    width, height = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
    scale = min(RESOLUTION / POINTS_AN_INCH, SIDE_PIXELS_MAX / max(width, height, 1.0))
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    bitmap = raw.FPDFBitmap_CreateEx(columns, rows, raw.FPDFBitmap_BGR, None, 0)
    if not bitmap:
        raise MemoryError
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, columns, rows, 0xFFFFFFFF)
    # Red first, as PNG has it.
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, columns, rows, 0, raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER)
    if document.formenv is not None:
        raw.FPDF_FFLDraw(document.formenv.raw, bitmap, page, 0, 0, columns, rows, 0, raw.FPDF_REVERSE_BYTE_ORDER)
    stride = raw.FPDFBitmap_GetStride(bitmap)
    pixels = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * rows)
    return _png(columns, rows, (pixels[row * stride : row * stride + 3 * columns] for row in range(rows)))


def _png(columns: int, rows: int, lines: Iterable[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    # Each line begins with the number of its filter: none.
    packed = zlib.compress(b"".join(b"\0" + line for line in lines), 6)
    pieces = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in pieces
    )
