"""PDF: pdfium reads it; pypdf reads what pdfium gives up."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

import pypdfium2
from pypdf import PdfReader

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import clean_text, squeeze_blank_lines
from lexora_gql.adapters.extraction.hyphenation import join_hyphenated, mark_hyphens
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX, PAGES_MAX, BudgetSpent, cpu_budget
from lexora_gql.adapters.extraction.page_ranges import agree, name_pages
from lexora_gql.adapters.extraction.pdf_gaps import Mender
from lexora_gql.adapters.extraction.pdf_layout import lay_out
from lexora_gql.adapters.extraction.pdf_lines import Page
from lexora_gql.adapters.extraction.pdf_pages import PageUnreadable, open_pdf, read_page
from lexora_gql.adapters.extraction.pdf_running import drop_running
from lexora_gql.adapters.extraction.pdf_second_reader import open_second, read_second, read_structure_second
from lexora_gql.adapters.extraction.pdf_structure import Structure, locate, read_structure
from lexora_gql.adapters.extraction.plain_text_extractor import join_pages
from lexora_gql.ports.text_extractor import ExtractedText, PageSpan

# An outline of 169 headings takes a thousandth of a second by pdfium, and 0.06 seconds by pypdf.
STRUCTURE_CPU_SECONDS = 5.0
Progress = Callable[[int, int | None], None]
# A page whose fonts do not say which characters their shapes are: there is text, but nobody can tell which.
UNREADABLE = "\ufffd"
_DRAWN_ONLY = re.compile(r"[\W_]*")
_NAMELESS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ue000-\uf8ff]")


def read_pdf(source: BinaryIO, progress: Progress, *, keeps_scans: bool = False) -> Iterator[ExtractedText]:
    """Yield the text of all pages, then the same with title, headings, labels and language.

    Args:
        source: The file.
        progress: Told of each page.
        keeps_scans: Whether somebody else reads the pages without text: they come as U+FFFD, not told as done and
            without a warning.

    Raises:
        ExtractionFailed: ENCRYPTED, CORRUPT, NO_TEXT, TOO_MANY_PAGES or TOO_LARGE_TO_PARSE.
    """
    pages, read = _pages(source.read(), _Told(progress, counts_empty=not keeps_scans))
    texts = [_readable(page) for page in join_hyphenated([mark_hyphens(page or "") for page in pages])]
    warnings = list(_warnings(pages, texts))
    if keeps_scans:
        texts = [text or ("" if page is None else UNREADABLE) for page, text in zip(pages, texts, strict=True)]
        warnings = list(_damage(pages))
    if not any(texts):
        raise failures.scanned(len(pages))
    text, spans = join_pages(texts)
    found = ExtractedText(text=text, pages=spans, page_count=len(spans), warnings=tuple(warnings))
    # Said before the structure is read: should that never end, the text stands.
    yield found
    if (structure := _structure(read)) is not None:
        yield replace(
            found,
            pages=_labelled(spans, structure.labels),
            headings=locate(structure.entries, text, spans),
            title=structure.title,
            language=structure.language,
        )


@dataclass(slots=True)
class _Told:
    """Counts what is read, and tells of it."""

    progress: Progress
    counts_empty: bool
    characters: int = 0
    done: int = 0

    def page(self, characters: int, total: int) -> None:
        """Count a page.

        Raises:
            ExtractionFailed: TOO_LARGE_TO_PARSE.
        """
        self.characters += characters
        if self.characters > CHARACTERS_MAX:
            raise failures.too_much_text()
        if characters or self.counts_empty:
            self.done += 1
            self.progress(self.done, total)


def _readable(page: str) -> str:
    """Return a page's text in paragraphs; empty where there are only rules and dots, such as of a form."""
    text = squeeze_blank_lines(clean_text(page))
    if _DRAWN_ONLY.fullmatch(text):
        return UNREADABLE if _NAMELESS.search(page) else ""
    return text


def _pages(data: bytes, told: _Told) -> tuple[list[str | None], Callable[[], Structure]]:
    """Return each page's text, and how the same reader reads the structure."""
    document = open_pdf(data)
    pages = _by_pdfium(document, told) if document else None
    if document is not None and pages is not None:
        return pages, partial(read_structure, document)
    second = open_second(data)
    return _by_pypdf(second, told), partial(read_structure_second, second)


def _by_pdfium(document: pypdfium2.PdfDocument, told: _Told) -> list[str | None] | None:
    """Return each page's text, None for pages that cannot be read; None when pdfium makes nothing of the file."""
    count = len(document)
    _require_few(count)
    mender = Mender()
    pages: list[Page | None] = []
    for index in range(count):
        page = _one_page(document, index, mender)
        told.page(sum(len(line.text) for line in page.lines) if page else 1, count)
        pages.append(page)
    if all(page is None for page in pages):
        return None
    return [None if page is None else lay_out(page) for page in drop_running(pages)]


def _one_page(document: pypdfium2.PdfDocument, index: int, mender: Mender) -> Page | None:
    try:
        return read_page(document, index, mender)
    except PageUnreadable:
        return None


def _by_pypdf(reader: PdfReader, told: _Told) -> list[str | None]:
    count = len(reader.pages)
    _require_few(count)
    pages: list[str | None] = []
    for index in range(count):
        page = read_second(reader, index)
        told.page(1 if page is None else len(page), count)
        pages.append(page)
    if all(page is None for page in pages):
        raise failures.corrupt("PDF")
    return pages


def _require_few(pages: int) -> None:
    if pages > PAGES_MAX:
        raise failures.too_many_pages("PDF", pages)


def _structure(read: Callable[[], Structure]) -> Structure | None:
    try:
        with cpu_budget(STRUCTURE_CPU_SECONDS):
            return read()
    except (BudgetSpent, Exception):  # noqa: BLE001  # the text is there already; nothing may take it back
        return None


def _labelled(pages: tuple[PageSpan, ...], labels: tuple[str, ...]) -> tuple[PageSpan, ...]:
    if len(labels) != len(pages):
        return pages
    return tuple(replace(page, label=label or None) for page, label in zip(pages, labels, strict=True))


def _damage(pages: list[str | None]) -> Iterator[str]:
    if damaged := [number for number, page in enumerate(pages, 1) if page is None]:
        yield f"{name_pages(damaged)} {agree(damaged, 'is', 'are')} damaged and could not be read."


def _warnings(pages: list[str | None], texts: list[str]) -> Iterator[str]:
    yield from _damage(pages)
    read = [(number, text) for number, (page, text) in enumerate(zip(pages, texts, strict=True), 1) if page is not None]
    if empty := [number for number, text in read if not text]:
        yield f"{name_pages(empty)} {agree(empty, 'has', 'have')} no text."
    if nameless := [number for number, text in read if text == UNREADABLE]:
        yield f"{name_pages(nameless)} {agree(nameless, 'has', 'have')} fonts that do not name their characters."
