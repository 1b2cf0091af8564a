"""What a PDF says about itself, read by pdfium: title, language, page labels, outline."""

import ctypes
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import pypdfium2
from pypdfium2 import raw

from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.ports.text_extractor import Heading, PageSpan

# A book of a thousand pages has some two thousand; each is searched for on its page.
ENTRIES_MAX = 10_000
DEPTH_MAX = 8
LABEL_CHARACTERS_MAX = 20
BYTES_MAX = 65_536
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


def read_structure(document: pypdfium2.PdfDocument) -> Structure:
    """Return what the file says about itself."""
    handle = document.raw
    return structure_of(
        title=_told(lambda buffer, size: raw.FPDF_GetMetaText(handle, b"Title", buffer, size)),
        language=_told(lambda buffer, size: raw.FPDFCatalog_GetLanguage(handle, _wide(buffer), size)),
        labels=_labels(document),
        entries=_entries(handle),
    )


def structure_of(title: str, language: str, labels: Iterable[str], entries: Iterable[Entry]) -> Structure:
    """Return what is worth keeping of what a file says, on one line each."""
    name = _PROGRAM.sub("", one_line(title))
    code = _LANGUAGE.match(language)
    lines = ((entry, one_line(entry.title)) for entry in entries)
    return Structure(
        title=None if not name or _NO_TITLE.fullmatch(name) else name,
        language=code[0].lower() if code else None,
        labels=tuple(one_line(label)[:LABEL_CHARACTERS_MAX] for label in labels),
        entries=tuple(Entry(entry.level, line, entry.page) for entry, line in lines if line),
    )


def _labels(document: pypdfium2.PdfDocument) -> tuple[str, ...]:
    """Return each page's label, or nothing where the file has no labels of its own."""
    labels = tuple(
        _told(lambda buffer, size, page=page: raw.FPDF_GetPageLabel(document.raw, page, buffer, size))  # type: ignore[misc]  # the default makes each its own
        for page in range(len(document))
    )
    return labels if any(labels) else ()


def _entries(document: raw.FPDF_DOCUMENT) -> Iterator[Entry]:
    above: list[raw.FPDF_BOOKMARK] = []
    bookmark = raw.FPDFBookmark_GetFirstChild(document, None)
    seen: set[int] = set()
    while bookmark and len(seen) < ENTRIES_MAX:
        # An outline may go round in circles.
        if (address := ctypes.addressof(bookmark.contents)) in seen:
            bookmark = None
        else:
            seen.add(address)
            if (page := _page(document, bookmark)) >= 0:
                title = _told(lambda buffer, size, of=bookmark: raw.FPDFBookmark_GetTitle(of, buffer, size))  # type: ignore[misc]  # the default makes each its own
                yield Entry(min(len(above) + 1, DEPTH_MAX), title, page)
            above.append(bookmark)
            bookmark = raw.FPDFBookmark_GetFirstChild(document, bookmark)
        while not bookmark and above:
            bookmark = raw.FPDFBookmark_GetNextSibling(document, above.pop())


def _page(document: raw.FPDF_DOCUMENT, bookmark: raw.FPDF_BOOKMARK) -> int:
    """Return the page that an entry leads to, from 0; negative where it leads nowhere in the file."""
    if not (place := raw.FPDFBookmark_GetDest(document, bookmark)):
        action = raw.FPDFBookmark_GetAction(bookmark)
        place = raw.FPDFAction_GetDest(document, action) if action else None
    return int(raw.FPDFDest_GetDestPageIndex(document, place)) if place else -1


def _told(ask: Callable[[ctypes.Array[ctypes.c_char] | None, int], int]) -> str:
    """Return a text that pdfium first says the length of, in bytes of UTF-16 with a final NUL."""
    size = min(ask(None, 0), BYTES_MAX)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    ask(buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "ignore")


def _wide(buffer: ctypes.Array[ctypes.c_char] | None) -> object:
    return buffer and ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR))


def locate(entries: tuple[Entry, ...], text: str, pages: tuple[PageSpan, ...]) -> tuple[Heading, ...]:
    """Find where each entry of the outline stands in the text.

    An outline names a page; its words are searched for there, from the entry before on, at the start of a line first,
    letter case, white space and punctuation aside. Where they are not found, the section begins with its page, or where
    the entry before it on that page begins.
    """
    headings: list[Heading] = []
    place = 0
    words = None
    for entry in entries:
        if entry.page >= len(pages):
            continue
        page = pages[entry.page]
        low = place if page.start <= place < page.end else page.start
        if words is None or words.page is not page:
            words = _PageWords.of(page, text)
        start = words.find(entry.title, low)
        headings.append(Heading(entry.level, entry.title, low if start is None else start))
        place = headings[-1].start
    headings.sort(key=lambda heading: heading.start)
    return tuple(headings)


@dataclass(frozen=True, slots=True)
class _PageWords:
    """The words of a page, to search for titles in.

    Attributes:
        joined: In lower case, a blank before and after each.
        places: Where each begins in `joined`, its blank not counted.
        starts: Where each begins in the text.
        lines: Where its line begins, for a word that is the first on one.
    """

    page: PageSpan
    joined: str
    places: Sequence[int]
    starts: Sequence[int]
    lines: dict[int, int]

    @classmethod
    def of(cls, page: PageSpan, text: str) -> "_PageWords":
        """Return a page's words."""
        found = list(_WORDS.finditer(text, page.start, page.end))
        words = [f"{match[0].lower()} " for match in found]
        starts = [match.start() for match in found]
        ends = [page.start, *(match.end() for match in found)]
        lines = {
            start: newline + 1
            for end, start in zip(ends, starts, strict=False)
            if (newline := text.rfind("\n", end, start)) >= 0
        }
        # Nothing but marks can stand before the page's first word.
        for start in starts[:1]:
            lines.setdefault(start, page.start)
        places = tuple(accumulate(map(len, words), initial=1))
        return cls(page, f" {''.join(words)}", places, starts, lines)

    def find(self, title: str, low: int) -> int | None:
        """Return where a title stands in the text from `low` on, at the start of a line first; or None."""
        words = [word.lower() for word in _WORDS.findall(title)]
        if not words:
            return None
        sought = f" {' '.join(words)} "
        found = None
        first_word = bisect_left(self.starts, low)
        place = self.joined.find(sought, self.places[first_word] - 1)
        while place >= 0:
            start = self.starts[bisect_left(self.places, place + 1)]
            if start in self.lines:
                return self.lines[start]
            found = start if found is None else found
            place = self.joined.find(sought, place + 1)
        return found
