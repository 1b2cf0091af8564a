"""Markdown: the text as it is written, with what markdown-it-py finds in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import clean_text, has_text, one_line
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, HEADINGS_MAX, BudgetSpent, cpu_budget
from lexora_gql.adapters.extraction.markdown_lines import scan_lines
from lexora_gql.adapters.extraction.plain_text_extractor import read_decoded
from lexora_gql.ports.text_extractor import ExtractedText, Heading, Span

KIND = "Markdown file"
# markdown-it-py parses prose at five million characters a second here, but its tokens take forty times the memory.
PARSED_CHARACTERS_MAX = 4_000_000
STRUCTURE_CPU_SECONDS = 10.0
_BLOCK_TOKENS = {"fence", "code_block", "table_open"}
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LANGUAGE = re.compile(r"[a-z]{2}\b", re.IGNORECASE)


def read_markdown(source: BinaryIO, _progress: Callable[[int, int | None], None]) -> Iterator[ExtractedText]:
    """Yield the source, offsets and all, then its headings, tables and code blocks.

    Raises:
        ExtractionFailed: CORRUPT, NO_TEXT or TOO_LARGE_TO_PARSE.
    """
    text = clean_text(read_decoded(source, KIND))
    if not has_text(text):
        raise failures.blank(KIND)
    front = _FRONT_MATTER.match(text)
    values = front[1] if front else ""
    language = _LANGUAGE.match(_front_value(values, "lang"))
    found = ExtractedText(
        text=text,
        title=one_line(_front_value(values, "title")) or None,
        language=language[0].lower() if language else None,
    )
    yield found
    body = front.end() if front else 0
    headings, blocks = _parsed(text, body) or scan_lines(text, body)
    title = found.title or next((heading.title for heading in headings if heading.level == 1), None)
    yield replace(found, headings=headings[:HEADINGS_MAX], blocks=blocks[:BLOCKS_MAX], title=title)


def _front_value(values: str, key: str) -> str:
    match = re.search(rf"^{key}[ \t]*:([^\n]*)", values, re.MULTILINE)
    value = match[1].strip() if match else ""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _parsed(text: str, body: int) -> tuple[tuple[Heading, ...], tuple[Span, ...]] | None:
    """Return headings and blocks, or None where parsing would take too much; what it took is free again then."""
    if len(text) > PARSED_CHARACTERS_MAX:
        return None
    try:
        with cpu_budget(STRUCTURE_CPU_SECONDS):
            return _structure(text, body)
    except (BudgetSpent, MemoryError, RecursionError):
        return None


def _structure(text: str, body: int) -> tuple[tuple[Heading, ...], tuple[Span, ...]]:
    """Parse blocks only: inline markup matters in titles alone, and costs the most."""
    parser = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
    titles = MarkdownIt("commonmark")
    starts = _line_starts(text, body)
    tokens = parser.parse(text[body:])
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


def _line_starts(text: str, body: int) -> list[int]:
    """Return where each line after the front matter begins, and at last where the text ends."""
    starts = [body, *(match.end() for match in re.finditer("\n", text[body:]))]
    starts[1:] = [body + start for start in starts[1:]]
    return [*starts, len(text)]
