"""A TextExtractor that has pages without text recognised (OCR), each by a child of its own."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.page_ranges import agree, name_pages
from lexora_gql.adapters.extraction.page_recognition import LIMITS, MODULES, is_installed
from lexora_gql.adapters.extraction.pdf_structure import Entry, locate
from lexora_gql.adapters.extraction.plain_text_extractor import join_pages
from lexora_gql.adapters.extraction.reading import PDF, PDF_WITH_SCANS, page_of
from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, Heading, TextExtractor

# In a row: where recognition itself is broken, it is not tried on every page.
FAILURES_MAX = 3
UNREAD = "\ufffd"
Progress = Callable[[int, int | None], None]


def open_extractor(*, recognises: bool, pages_max: int) -> TextExtractor:
    """Return what reads files; with text recognition where that is wanted and the extra `ocr` is installed."""
    if recognises and is_installed():
        return ScanReader(pages_max)
    return SandboxedExtractor()


@dataclass(slots=True)
class Scans:
    """What became of the pages of a file that have no text of their own.

    Attributes:
        texts: What was recognised, by number of the page; empty where there was nothing.
        languages: How many characters are in each, by ISO 639-1 code.
        failed: Pages that could not be read.
        left: Pages that were not tried.
    """

    texts: dict[int, str] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)
    failed: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


@dataclass(slots=True)
class ScanReader:
    """Reads files, and what their pages show where they have no text.

    One page at a time is recognised, whatever the number of files: it takes a gigabyte.

    Attributes:
        pages_max: How many pages of a file are recognised.
    """

    pages_max: int
    files: SandboxedExtractor = field(default_factory=SandboxedExtractor)
    scans: SandboxedExtractor = field(default_factory=lambda: SandboxedExtractor(LIMITS, MODULES))
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def extract(self, path: Path, media_type: str, on_progress: Progress) -> ExtractedText:
        """Return the text of a file; see `TextExtractor.extract`."""
        if media_type != PDF:
            return await self.files.extract(path, media_type, on_progress)
        found = await self.files.extract(path, PDF_WITH_SCANS, on_progress)
        numbers = [page.number for page in found.pages if found.text[page.start : page.end].strip() == UNREAD]
        if not numbers:
            return found
        scans = await self._recognise(path, numbers, len(found.pages), on_progress)
        merged = _merged(found, {number: scans.texts.get(number, "") for number in numbers})
        if not merged.text:
            raise failures.nothing_recognised(len(found.pages))
        return replace(
            merged,
            language=found.language or max(scans.languages, key=scans.languages.__getitem__, default=None) or None,
            warnings=(*found.warnings, *_warnings(scans, self.pages_max)),
        )

    async def prepare(self) -> None:
        """Start what reads files; recognition is seldom needed, and large."""
        await self.files.prepare()

    async def aclose(self) -> None:
        """End every child."""
        await self.files.aclose()
        await self.scans.aclose()

    async def _recognise(self, path: Path, numbers: list[int], pages: int, on_progress: Progress) -> Scans:
        scans = Scans(left=numbers[self.pages_max :])
        in_a_row = 0
        tried = numbers[: self.pages_max]
        for done, number in enumerate(tried, pages - len(tried) + 1):
            if in_a_row == FAILURES_MAX:
                scans.failed.append(number)
                continue
            try:
                async with self._turn:
                    read = await self.scans.extract(path, page_of(number), _ignore)
            except ExtractionFailed:
                scans.failed.append(number)
                in_a_row += 1
            else:
                scans.texts[number] = read.text
                scans.languages[read.language or ""] += len(read.text)
                in_a_row = 0
            on_progress(done, pages)
        return scans


def _ignore(_done: int, _total: int | None) -> None:
    """Leave out the steps of one page."""


def _merged(found: ExtractedText, recognised: dict[int, str]) -> ExtractedText:
    """Return the text with some pages' text replaced, everything else where it stood in it."""
    texts = [
        recognised.get(page.number, found.text[page.start : page.end].removesuffix("\n\n")) for page in found.pages
    ]
    text, spans = join_pages(texts)
    kept: list[Heading] = []
    sought: list[Entry] = []
    place = 0
    for heading in found.headings:
        while place + 1 < len(found.pages) and heading.start >= found.pages[place].end:
            place += 1
        if found.pages[place].number in recognised:
            sought.append(Entry(heading.level, heading.title, place))
        else:
            kept.append(replace(heading, start=heading.start - found.pages[place].start + spans[place].start))
    return replace(
        found,
        text=text,
        pages=tuple(replace(span, label=page.label) for span, page in zip(spans, found.pages, strict=True)),
        headings=tuple(sorted((*kept, *locate(tuple(sought), text, spans)), key=lambda heading: heading.start)),
    )


def _warnings(scans: Scans, pages_max: int) -> list[str]:
    read = [number for number, text in scans.texts.items() if text]
    empty = [number for number, text in scans.texts.items() if not text]
    said = [
        (read, f"{agree(read, 'was', 'were')} read by text recognition (OCR): some characters may be wrong."),
        (empty, f"{agree(empty, 'has', 'have')} no text, and text recognition (OCR) found none."),
        (scans.failed, f"{agree(scans.failed, 'has', 'have')} no text, and text recognition (OCR) failed."),
        (scans.left, f"{agree(scans.left, 'has', 'have')} no text; at most {pages_max:,} of a file are recognised."),
    ]
    return [f"{name_pages(numbers)} {what}" for numbers, what in said if numbers]
