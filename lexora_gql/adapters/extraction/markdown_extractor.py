"""Markdown: the text as it is written, but for what nobody reads, with what markdown-it-py finds in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import clean_text, has_text, one_line
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, HEADINGS_MAX, BudgetSpent, cpu_budget
from lexora_gql.adapters.extraction.markdown_front import front_matter
from lexora_gql.adapters.extraction.markdown_lines import scan_lines
from lexora_gql.adapters.extraction.markdown_text import readable
from lexora_gql.adapters.extraction.plain_text_extractor import read_decoded
from lexora_gql.ports.text_extractor import ExtractedText, Heading, Span

KIND = "Markdown file"
# markdown-it-py parses prose at five million characters a second here, but its tokens take forty times the memory.
PARSED_CHARACTERS_MAX = 4_000_000
STRUCTURE_CPU_SECONDS = 10.0
_BLOCK_TOKENS = {"fence", "code_block", "table_open"}


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
    headings, blocks = _parsed(found.text) or scan_lines(found.text)
    title = found.title or next((heading.title for heading in headings if heading.level == 1), None)
    yield replace(found, headings=headings[:HEADINGS_MAX], blocks=blocks[:BLOCKS_MAX], title=title)


def _readable(text: str) -> str:
    """Return the text without what nobody reads, or as it is where finding that would take too much."""
    if len(text) > PARSED_CHARACTERS_MAX:
        return text
    try:
        with cpu_budget(STRUCTURE_CPU_SECONDS):
            return readable(text)
    except (BudgetSpent, MemoryError):
        return text


def _parsed(text: str) -> tuple[tuple[Heading, ...], tuple[Span, ...]] | None:
    """Return headings and blocks, or None where parsing would take too much; what it took is free again then."""
    if len(text) > PARSED_CHARACTERS_MAX:
        return None
    try:
        with cpu_budget(STRUCTURE_CPU_SECONDS):
            return _structure(text)
    except (BudgetSpent, MemoryError, RecursionError):
        return None


def _structure(text: str) -> tuple[tuple[Heading, ...], tuple[Span, ...]]:
    """Parse blocks only: inline markup matters in titles alone, and costs the most."""
    parser = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
    titles = MarkdownIt("commonmark")
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    tokens = parser.parse(text)
    headings: list[Heading] = []
    blocks: list[Span] = []
    for place, token in enumerate(tokens):
        if token.map is None:
            continue
        start = starts[token.map[0]]
        if token.type == "heading_open":
            title = _title(titles, tokens[place + 1])
            if title:
                headings.append(Heading(int(token.tag[1:]), title, start))
        elif token.type in _BLOCK_TOKENS and (not blocks or start >= blocks[-1].end):
            blocks.append(Span(start, starts[token.map[1]]))
    return tuple(headings), tuple(blocks)


def _title(parser: MarkdownIt, inline: Token) -> str:
    """Return a heading's words without their markup."""
    [parsed] = parser.parseInline(inline.content)
    words = (
        child.content if child.type in {"text", "code_inline"} else " "
        for child in parsed.children or []
        if child.type in {"text", "code_inline", "softbreak", "hardbreak"}
    )
    return one_line("".join(words)) or one_line(inline.content)
