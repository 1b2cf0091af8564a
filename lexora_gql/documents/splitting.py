"""Cutting a document's text into passages along its structure. Pure, and linear in the text's length."""

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import PurePath

from lexora_gql.documents.cutting import Cutter
from lexora_gql.ports.text_extractor import ExtractedText, Heading, PageSpan

CHUNKS_MAX = 40_000
DEPTH_MAX = 8
UTF8_BYTES_A_TOKEN = 4
CONTEXT_CHARACTERS_MAX = 400
CONTEXT_PART_CHARACTERS_MAX = 120


class TooManyChunks(Exception):
    """A document makes more passages than are kept."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document: `text == document[start:end]`, without white space around it.

    Attributes:
        ordinal: 0 for the first of the document.
        start: First character, in code points.
        end: One past the last character.
        text: To the letter, overlap with the passage before included.
        headings: Titles of the sections it begins in, outermost first, at most `DEPTH_MAX`.
        page_start: Number of the page it begins on; None where the format has no pages.
        page_end: Number of the page it ends on.
        token_count: An estimate: one token for four bytes of UTF-8, which is near the truth for English prose as for
            Cyrillic, Arabic or Chinese.
    """

    ordinal: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...]
    page_start: int | None
    page_end: int | None
    token_count: int


def split(extracted: ExtractedText, *, characters: int, overlap: int) -> list[Passage]:
    """Cut a text into passages that together hold all of it but white space.

    A passage never crosses a section of the top level. It ends before a heading if that leaves it a quarter full, else
    after a paragraph, a sentence, a line or a word if that leaves it half full, else anywhere but within a character. A
    table or code block that fits into a passage is not cut. A passage begins with the last whole sentences of the one
    before, unless a heading, a table or a code block begins there.

    Args:
        extracted: The text, with its headings, blocks and pages in order.
        characters: Most characters of a passage, at least 2.
        overlap: Most characters that a passage repeats; at most half of `characters` are.

    Raises:
        TooManyChunks: There would be more than `CHUNKS_MAX`.
    """
    cutter = Cutter(extracted, characters, min(overlap, characters // 2))
    trail = _Trail(extracted.headings)
    pages = _Pages(extracted.pages)
    passages: list[Passage] = []
    for start, core, end in cutter.cuts():
        if len(passages) == CHUNKS_MAX:
            message = f"The document makes more than {CHUNKS_MAX:,} passages. Split it and upload the parts."
            raise TooManyChunks(message)
        text = extracted.text[start:end]
        passages.append(
            Passage(
                ordinal=len(passages),
                start=start,
                end=end,
                text=text,
                headings=trail.at(core),
                page_start=pages.at(start),
                page_end=pages.at(end - 1),
                token_count=estimate_tokens(text),
            )
        )
    return passages


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a model makes of a text; never 0."""
    return max(1, -(-len(text.encode()) // UTF8_BYTES_A_TOKEN))


def context(title: str | None, filename: str, headings: tuple[str, ...]) -> str:
    """Return what stands directly before a passage when it is embedded and indexed, its last empty line included.

    That is the title, the file's name in words, and the way to the section, a line each; what is said already is not
    said again.
    """
    stem = " ".join(PurePath(filename).stem.replace("_", " ").replace("-", " ").split())
    lines: list[str] = []
    for part in (title or "", stem, *headings):
        line = part[:CONTEXT_PART_CHARACTERS_MAX].strip()
        if line and line.casefold() not in {known.casefold() for known in lines}:
            lines.append(line)
    said = "\n".join(lines)[:CONTEXT_CHARACTERS_MAX].rstrip()
    return f"{said}\n\n" if said else ""


class _Trail:
    """The way from the outermost section to a place; asked for places in ascending order."""

    def __init__(self, headings: tuple[Heading, ...]) -> None:
        self._headings = sorted(headings, key=lambda heading: heading.start)
        self._next = 0
        self._open: list[Heading] = []

    def at(self, place: int) -> tuple[str, ...]:
        while self._next < len(self._headings) and self._headings[self._next].start <= place:
            heading = self._headings[self._next]
            self._next += 1
            while self._open and self._open[-1].level >= heading.level:
                self._open.pop()
            if len(self._open) < DEPTH_MAX:
                self._open.append(heading)
        return tuple(heading.title for heading in self._open)


class _Pages:
    """From places to page numbers."""

    def __init__(self, pages: tuple[PageSpan, ...]) -> None:
        self._pages = pages
        self._starts = [page.start for page in pages]

    def at(self, place: int) -> int | None:
        index = bisect_right(self._starts, place) - 1
        return self._pages[index].number if index >= 0 else None
