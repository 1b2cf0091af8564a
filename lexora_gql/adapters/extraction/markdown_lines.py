"""Headings and code of Markdown line by line, for texts that are too long or too tangled to parse."""

import re

from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, HEADINGS_MAX
from lexora_gql.ports.text_extractor import Heading, Span

_LINE = re.compile(
    r"^ {0,3}(?:(?P<signs>#{1,6})[ \t]+(?P<title>[^\n]*)|(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*))$",
    re.MULTILINE,
)


def scan_lines(text: str) -> tuple[tuple[Heading, ...], tuple[Span, ...]]:
    """Return the headings that begin with number signs, and the code between fences."""
    headings: list[Heading] = []
    blocks: list[Span] = []
    opened: re.Match[str] | None = None
    for match in _LINE.finditer(text):
        fence = match["fence"]
        if opened is not None:
            if fence and fence.startswith(opened["fence"]) and not match["info"].strip():
                blocks.append(Span(opened.start(), match.end()))
                opened = None
        elif fence:
            opened = match
        elif title := _title(match["title"]):
            headings.append(Heading(len(match["signs"]), title, match.start()))
        if len(headings) >= HEADINGS_MAX or len(blocks) >= BLOCKS_MAX:
            break
    return tuple(headings), tuple(blocks)


def _title(rest: str) -> str:
    """Return a heading's words without the number signs that may close it."""
    line = one_line(rest)
    words = line.rstrip("#")
    return words.rstrip() if not words or words.endswith(" ") else line
