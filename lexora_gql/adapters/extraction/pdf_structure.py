"""What a PDF says about itself, read by pypdf: title, language, page labels, outline."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pypdf import PdfReader
from pypdf.generic import Destination

from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.ports.text_extractor import Heading, PageSpan

# A book of a thousand pages has some two thousand; each is searched for on its page.
ENTRIES_MAX = 10_000
DEPTH_MAX = 8
LABEL_CHARACTERS_MAX = 20
_LANGUAGE = re.compile(r"[a-z]{2}(?=$|-)", re.IGNORECASE)
_PROGRAM = re.compile(r"^(?:Microsoft (?:Word|PowerPoint|Excel) - )+")
_WORDS = re.compile(r"[^\W_]+")
_NO_TITLE = re.compile(r"untitled|document\d*|title|null|none", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the outline; `page` counts from 0."""

    level: int
    title: str
    page: int


@dataclass(frozen=True, slots=True)
class Structure:
    """What was found; empty where the file says nothing."""

    title: str | None
    language: str | None
    labels: tuple[str, ...]
    entries: tuple[Entry, ...]


def read_structure(data: bytes) -> Structure:
    """Return what the file says about itself. May raise anything: what is read is not to be trusted."""
    reader = PdfReader(io.BytesIO(data), strict=False)
    return Structure(
        title=_title(reader),
        language=_language(reader),
        labels=_labels(reader),
        entries=tuple(_entries(reader)),
    )


def _title(reader: PdfReader) -> str | None:
    named = reader.metadata.title if reader.metadata else None
    title = _PROGRAM.sub("", one_line(str(named or "")))
    return None if not title or _NO_TITLE.fullmatch(title) else title


def _language(reader: PdfReader) -> str | None:
    match = _LANGUAGE.match(str(reader.root_object.get("/Lang", "")))
    return match[0].lower() if match else None


def _labels(reader: PdfReader) -> tuple[str, ...]:
    """Return each page's label, or nothing where the file has no labels of its own."""
    if "/PageLabels" not in reader.root_object:
        return ()
    return tuple(one_line(label)[:LABEL_CHARACTERS_MAX] for label in reader.page_labels)


def _entries(reader: PdfReader) -> Iterator[Entry]:
    # pypdf's own way from a destination to a page number walks all pages each time.
    numbers = {
        reference.idnum: number
        for number, page in enumerate(reader.pages)
        if (reference := page.indirect_reference) is not None
    }
    remaining: list[tuple[int, Iterator[object]]] = [(1, iter(reader.outline))]
    count = 0
    while remaining and count < ENTRIES_MAX:
        level, entries = remaining[-1]
        entry = next(entries, None)
        if entry is None:
            remaining.pop()
        elif isinstance(entry, list):
            remaining.append((min(level + 1, DEPTH_MAX), iter(entry)))
        elif isinstance(entry, Destination):
            count += 1
            number = numbers.get(getattr(entry.page, "idnum", -1))
            if number is not None and (title := one_line(str(entry.title or ""))):
                yield Entry(level, title, number)


def locate(entries: tuple[Entry, ...], text: str, pages: tuple[PageSpan, ...]) -> tuple[Heading, ...]:
    """Find where each entry of the outline stands in the text.

    An outline names a page; its words are searched for there, from the entry before on, at the start of a line first,
    letter case, white space and punctuation aside. Where they are not found, the section begins with its page, or where
    the entry before it on that page begins.
    """
    headings: list[Heading] = []
    place = 0
    for entry in entries:
        if entry.page >= len(pages):
            continue
        page = pages[entry.page]
        low = place if page.start <= place < page.end else page.start
        start = _find(entry.title, text, low, page.end)
        headings.append(Heading(entry.level, entry.title, low if start is None else start))
        place = headings[-1].start
    headings.sort(key=lambda heading: heading.start)
    return tuple(headings)


def _find(title: str, text: str, low: int, high: int) -> int | None:
    words = _WORDS.findall(title)
    if not words:
        return None
    printed = r"[\W_]+".join(map(re.escape, words))
    for pattern in (rf"^[^\w\n]*{printed}(?!\w)", rf"(?<!\w){printed}(?!\w)"):
        if match := re.compile(pattern, re.IGNORECASE | re.MULTILINE).search(text, low, high):
            return match.start()
    return None
