"""PDF: pdfium reads the text, pypdf the structure; pypdf also reads the text where pdfium gives up."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

import pypdfium2
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import clean_text, squeeze_blank_lines
from lexora_gql.adapters.extraction.hyphenation import join_hyphenated
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX, PAGES_MAX, BudgetSpent, cpu_budget
from lexora_gql.adapters.extraction.pdf_pages import PageUnreadable, open_pdf, page_text
from lexora_gql.adapters.extraction.pdf_structure import Structure, locate, read_structure
from lexora_gql.adapters.extraction.plain_text_extractor import join_pages
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, PageSpan

# EPA's strategic plan of 107 pages and 169 headings takes 0.06 seconds.
STRUCTURE_CPU_SECONDS = 5.0
PAGES_NAMED_MAX = 10
Progress = Callable[[int, int | None], None]
# A page whose fonts do not say which characters their shapes are: there is text, but nobody can tell which.
UNREADABLE = "\ufffd"
_DRAWN_ONLY = re.compile(r"[\W_]*")
_NAMELESS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ue000-\uf8ff]")


def read_pdf(source: BinaryIO, progress: Progress) -> Iterator[ExtractedText]:
    """Yield the text of all pages, then the same with title, headings, labels and language.

    Raises:
        ExtractionFailed: ENCRYPTED, CORRUPT, NO_TEXT, TOO_MANY_PAGES or TOO_LARGE_TO_PARSE.
    """
    data = source.read()
    pages = _by_pdfium(data, progress)
    if pages is None:
        pages = _by_pypdf(data, progress)
    texts = join_hyphenated([page or "" for page in pages])
    texts = [_readable(text) for text in texts]
    if not any(texts):
        raise failures.scanned(len(pages))
    text, spans = join_pages(texts)
    found = ExtractedText(
        text=text,
        pages=spans,
        page_count=len(spans),
        warnings=tuple(_warnings(pages, texts)),
    )
    # Said before the structure is read: should that never end, the text stands.
    yield found
    if (structure := _structure(data)) is not None:
        yield replace(
            found,
            pages=_labelled(spans, structure.labels),
            headings=locate(structure.entries, text, spans),
            title=structure.title,
            language=structure.language,
        )


def _readable(page: str) -> str:
    """Return a page's text in paragraphs; empty where there are only rules and dots, such as of a form."""
    text = squeeze_blank_lines(clean_text(page))
    if _DRAWN_ONLY.fullmatch(text):
        return UNREADABLE if _NAMELESS.search(page) else ""
    return text


def _by_pdfium(data: bytes, progress: Progress) -> list[str | None] | None:
    """Return each page's text, None for pages that cannot be read; None when pdfium makes nothing of the file."""
    document = open_pdf(data)
    if document is None:
        return None
    count = len(document)
    _require_few(count)
    pages = list(_counted((_one_page(document, index) for index in range(count)), count, progress))
    return None if all(page is None for page in pages) else pages


def _one_page(document: pypdfium2.PdfDocument, index: int) -> str | None:
    try:
        return page_text(document, index)
    except PageUnreadable:
        return None


def _by_pypdf(data: bytes, progress: Progress) -> list[str | None]:
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        count = len(reader.pages)
        _require_few(count)
        texts = (_one_page_by_pypdf(reader, index) for index in range(count))
        pages = list(_counted(texts, count, progress))
    except (ExtractionFailed, MemoryError):
        raise
    except FileNotDecryptedError:
        raise failures.encrypted("PDF") from None
    except Exception:  # noqa: BLE001  # pypdf raises whatever a damaged file leads it to
        raise failures.corrupt("PDF") from None
    if all(page is None for page in pages):
        raise failures.corrupt("PDF")
    return pages


def _require_few(pages: int) -> None:
    if pages > PAGES_MAX:
        raise failures.too_many_pages(pages)


def _one_page_by_pypdf(reader: PdfReader, index: int) -> str | None:
    try:
        return reader.pages[index].extract_text()
    except (MemoryError, FileNotDecryptedError):
        raise
    except Exception:  # noqa: BLE001  # pypdf raises whatever a damaged page leads it to
        return None


def _counted(pages: Iterator[str | None], count: int, progress: Progress) -> Iterator[str | None]:
    characters = 0
    for done, page in enumerate(pages, 1):
        characters += len(page or "")
        if characters > CHARACTERS_MAX:
            raise failures.too_much_text()
        progress(done, count)
        yield page


def _structure(data: bytes) -> Structure | None:
    try:
        with cpu_budget(STRUCTURE_CPU_SECONDS):
            return read_structure(data)
    except (BudgetSpent, Exception):  # noqa: BLE001  # the text is there already; nothing may take it back
        return None


def _labelled(pages: tuple[PageSpan, ...], labels: tuple[str, ...]) -> tuple[PageSpan, ...]:
    if len(labels) != len(pages):
        return pages
    return tuple(replace(page, label=label or None) for page, label in zip(pages, labels, strict=True))


def _warnings(pages: list[str | None], texts: list[str]) -> Iterator[str]:
    unreadable = [number for number, page in enumerate(pages, 1) if page is None]
    if unreadable:
        yield f"{_named(unreadable)} damaged and could not be read."
    empty = [
        number for number, (page, text) in enumerate(zip(pages, texts, strict=True), 1) if page is not None and not text
    ]
    if empty:
        yield f"{_named(empty)} without text, perhaps scanned: run text recognition (OCR) to have the rest found."
    nameless = [number for number, text in enumerate(texts, 1) if text == UNREADABLE]
    if nameless:
        yield f"{_named(nameless)} in a font that does not say which characters it shows: run text recognition (OCR)."


def _named(numbers: list[int]) -> str:
    """Return such as "Page 3 is" or "Pages 1, 4, 5 and 12 more are"."""
    if len(numbers) == 1:
        return f"Page {numbers[0]:,} is"
    named = [f"{number:,}" for number in numbers[:PAGES_NAMED_MAX]]
    more = len(numbers) - len(named)
    last = f"{more:,} more" if more else named.pop()
    return f"Pages {', '.join(named)} and {last} are"
