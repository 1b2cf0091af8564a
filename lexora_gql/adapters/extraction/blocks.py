"""What a file's text is put together from: paragraphs, headings, items of lists, tables and code."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX
from lexora_gql.ports.text_extractor import Heading, Span


class Kind(Enum):
    """What a block is; WHOLE is a table or code, not to be split where it fits."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text that stands by itself; `level` is that of a heading."""

    text: str
    kind: Kind = Kind.TEXT
    level: int = 0


def joined(blocks: Iterable[Block]) -> tuple[str, list[Heading], list[Span]]:
    """Return the text, an empty line between blocks but not between items, its headings, and what is to stay whole.

    Raises:
        ExtractionFailed: TOO_LARGE_TO_PARSE.
    """
    pieces: list[str] = []
    headings: list[Heading] = []
    whole: list[Span] = []
    end = 0
    before: Block | None = None
    for block in blocks:
        is_list = before is not None and before.kind is block.kind is Kind.ITEM
        between = "" if before is None else "\n" if is_list else "\n\n"
        start = end + len(between)
        end = start + len(block.text)
        if end > CHARACTERS_MAX:
            raise failures.too_much_text()
        pieces += (between, block.text)
        if block.kind is Kind.WHOLE:
            whole.append(Span(start, end))
        elif block.kind is Kind.HEADING:
            headings.append(Heading(block.level, one_line(block.text), start))
        before = block
    return "".join(pieces), headings, whole
