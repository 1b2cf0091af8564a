"""Markdown: the text as it is written, but for what nobody reads, with what pulldown-cmark finds in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import BinaryIO, cast

from pyromark import Options, events_with_range
from pyromark.event import Event

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import clean_text, has_text, one_line
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, HEADINGS_MAX, BudgetSpent, cpu_budget
from lexora_gql.adapters.extraction.markdown_front import front_matter
from lexora_gql.adapters.extraction.markdown_text import readable
from lexora_gql.adapters.extraction.plain_text_extractor import read_decoded
from lexora_gql.ports.text_extractor import ExtractedText, Heading, Span

KIND = "Markdown file"
# Longer texts keep their tags and the targets of their links.
READABLE_CHARACTERS_MAX = 4_000_000
STRUCTURE_CPU_SECONDS = 10.0
_BLOCKS = {"CodeBlock", "Table"}


def read_markdown(source: BinaryIO, _progress: Callable[[int, int | None], None]) -> Iterator[ExtractedText]:
    """Yield the text, then its headings, tables and code blocks.

    Front matter, comments, tags and the targets of links are no part of the text; it keeps the marks of its structure.

    Raises:
        ExtractionFailed: CORRUPT, NO_TEXT or TOO_LARGE_TO_PARSE.
    """
    written = clean_text(read_decoded(source, KIND))
    if not has_text(written):
        raise failures.blank(KIND)
    front = front_matter(written)
    text = _readable(written[front.end :]).lstrip("\n")
    # A file of nothing but front matter, or comments, says at least that.
    found = ExtractedText(text=text if has_text(text) else written, title=front.title, language=front.language)
    yield found
    headings, blocks = _structure(found.text)
    title = found.title or next((heading.title for heading in headings if heading.level == 1), None)
    yield replace(found, headings=headings[:HEADINGS_MAX], blocks=blocks[:BLOCKS_MAX], title=title)


def _readable(text: str) -> str:
    """Return the text without what nobody reads, or as it is where finding that would take too much."""
    if len(text) > READABLE_CHARACTERS_MAX:
        return text
    try:
        with cpu_budget(STRUCTURE_CPU_SECONDS):
            return readable(text)
    except (BudgetSpent, MemoryError):
        return text


@dataclass(slots=True)
class _Structure:
    """What is found in a text; places are those of its bytes in UTF-8, as pulldown-cmark tells them."""

    encoded: bytes
    headings: list[tuple[int, str, int]] = field(default_factory=list)
    blocks: list[tuple[int, int]] = field(default_factory=list)

    def find(self, text: str) -> None:
        """Look for headings, code and tables; what is found remains, wherever it is interrupted."""
        title: list[str] | None = None
        for event, place in events_with_range(text, options=Options.ENABLE_TABLES):
            if title is not None:
                title += _words(event)
            if isinstance(event, str):
                continue
            begun, ended = event.get("Start"), event.get("End")
            if isinstance(begun, dict) and "Heading" in begun:
                title = []
            elif isinstance(begun, dict) and begun.keys() & _BLOCKS:
                self._add_block(place["start"], place["end"])
            elif isinstance(ended, dict) and "Heading" in ended:
                if words := one_line("".join(title or ())):
                    self.headings.append((int(ended["Heading"][1:]), words, self._line(place["start"])))
                title = None

    def headings_and_blocks(self) -> tuple[tuple[Heading, ...], tuple[Span, ...]]:
        """Return what was found, by characters."""
        wanted = {line for *_, line in self.headings}.union(*self.blocks)
        characters: dict[int, int] = {}
        place = count = 0
        for byte in sorted(wanted):
            count += len(self.encoded[place:byte].decode())
            place = byte
            characters[byte] = count
        headings = (Heading(level, title, characters[line]) for level, title, line in self.headings)
        blocks = (Span(characters[start], characters[end]) for start, end in self.blocks)
        return tuple(headings), tuple(blocks)

    def _add_block(self, start: int, end: int) -> None:
        """Add the whole lines of one, unless a block before it has them."""
        line = self._line(start)
        if not self.blocks or line >= self.blocks[-1][1]:
            self.blocks.append((line, self.encoded.find(b"\n", end - 1) + 1 or len(self.encoded)))

    def _line(self, place: int) -> int:
        """Return where the line begins that a place is in."""
        return self.encoded.rfind(b"\n", 0, place) + 1


def _structure(text: str) -> tuple[tuple[Heading, ...], tuple[Span, ...]]:
    """Return headings and blocks; of a text that takes too much, those at its beginning."""
    found = _Structure(text.encode())
    with suppress(BudgetSpent, MemoryError), cpu_budget(STRUCTURE_CPU_SECONDS):
        found.find(text)
    return found.headings_and_blocks()


def _words(event: Event) -> Sequence[str]:
    """Return what a part of a heading says, without its markup."""
    if isinstance(event, str):
        return " "
    piece = cast("Mapping[str, str]", event)
    return piece.get("Text") or piece.get("Code") or ""
