"""PDFs that hold pictures of pages, for tests of text recognition."""

import io

import pypdfium2
import pytest
from pypdf import PdfReader, PdfWriter

from lexora_gql.adapters.extraction.page_recognition import is_installed

RESOLUTION = 150
needs_ocr = pytest.mark.skipif(not is_installed(), reason='the extra "ocr" is not installed')


def scanned(data: bytes) -> bytes:
    """Return a PDF of pictures of another one's pages, of their upper quarter: small pictures are read sooner."""
    document = pypdfium2.PdfDocument(data)
    images = [
        page.render(scale=RESOLUTION / 72, crop=(0, page.get_height() * 3 / 4, 0, 0)).to_pil() for page in document
    ]
    buffer = io.BytesIO()
    images[0].save(buffer, "PDF", save_all=True, append_images=images[1:], resolution=RESOLUTION)
    return buffer.getvalue()


def together(*files: bytes) -> PdfWriter:
    """Return a PDF of the pages of several."""
    writer = PdfWriter()
    for data in files:
        for page in PdfReader(io.BytesIO(data)).pages:
            writer.add_page(page)
    return writer
