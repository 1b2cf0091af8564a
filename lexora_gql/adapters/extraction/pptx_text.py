"""What the paragraphs of a slide say, with their marks where they are items of a list."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from lexora_gql.adapters.extraction.blocks import Block, Kind
from lexora_gql.adapters.extraction.cleaning import clean_text
from lexora_gql.adapters.extraction.docx_equations import linear
from lexora_gql.adapters.extraction.docx_numerals import numeral
from lexora_gql.adapters.extraction.docx_runs import SOFT_HYPHEN, chosen_of
from lexora_gql.adapters.extraction.office_xml import child, local_name, whole_number

LEVELS = 9
# Line ends and control characters as PowerPoint and others write them where XML has no sign for them.
_LINE_END = re.compile(r"_x000[ABD]_")
_CONTROL = re.compile(r"_x00(?:[01][0-9A-F]|7F)_")
_BULLETS = {"buNone", "buChar", "buAutoNum", "buBlip"}
_NUMERALS = {"alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman", "romanUc": "upperRoman"}
_AROUND = {"ParenBoth": "({})", "ParenR": "{})", "Plain": "{}"}


@dataclass(slots=True)
class Lists:
    """Marks the items of one shape's text.

    Attributes:
        styles: What the shape's text looks like by level: its own, and those that it inherits, nearest first.
    """

    styles: Sequence[etree._Element]
    _counts: list[int] = field(default_factory=lambda: [0] * LEVELS)

    def mark(self, paragraph: etree._Element) -> str:
        """Return what stands before a paragraph, its indent included; empty where it is no item."""
        properties = child(paragraph, "pPr")
        level = min(whole_number(None if properties is None else properties.get("lvl")) or 0, LEVELS - 1)
        bullet = self._bullet(properties, level)
        kind = "buNone" if bullet is None else local_name(bullet)
        before, self._counts[level + 1 :] = self._counts[level], [0] * (LEVELS - level - 1)
        self._counts[level] = 0
        if bullet is None or kind == "buNone":
            return ""
        indent = "  " * level
        if kind != "buAutoNum":
            return f"{indent}- "
        self._counts[level] = before + 1
        first = whole_number(bullet.get("startAt")) or 1
        return f"{indent}{_numbered(bullet.get('type', ''), first + before)} "

    def _bullet(self, properties: etree._Element | None, level: int) -> etree._Element | None:
        inherited = (child(style, f"lvl{level + 1}pPr") for style in self.styles)
        for place in (properties, *inherited):
            for element in () if place is None else place:
                if local_name(element) in _BULLETS:
                    return element
        return None


def blocks_of(text: etree._Element | None, styles: Sequence[etree._Element] = ()) -> Iterator[Block]:
    """Yield what the paragraphs of a text body say; nothing is empty.

    Args:
        text: The body, which holds a style of its own.
        styles: Those that it inherits, nearest first.
    """
    own = child(text, "lstStyle")
    lists = Lists([*([] if own is None else [own]), *styles])
    for paragraph in paragraphs_of(text):
        if said := said_in(paragraph):
            if mark := lists.mark(paragraph):
                yield Block(mark + said.replace("\n", "\n" + " " * len(mark)), Kind.ITEM)
            else:
                yield Block(said)


def paragraphs_of(text: etree._Element | None) -> Iterator[etree._Element]:
    """Yield the paragraphs of a text body, or of nothing."""
    return (element for element in (() if text is None else text) if local_name(element) == "p")


def line_of(text: etree._Element | None) -> str:
    """Return what a text body says, on one line."""
    return " ".join(" ".join(map(said_in, paragraphs_of(text))).split())


def said_in(paragraph: etree._Element) -> str:
    """Return what a paragraph says; the number of the slide says nothing."""
    pieces: list[str] = []
    for element in paragraph:
        name = local_name(element)
        if name == "r" or (name == "fld" and element.get("type") != "slidenum"):
            told = child(element, "t")
            pieces.append("" if told is None else told.text or "")
        elif name == "br":
            pieces.append("\n")
        elif name in {"AlternateContent", "m"}:
            pieces += _equations(element)
    text = _CONTROL.sub("", _LINE_END.sub("\n", "".join(pieces).replace(SOFT_HYPHEN, "")))
    return "\n".join(line for line in map(str.strip, clean_text(text).split("\n")) if line)


def _equations(element: etree._Element) -> Iterator[str]:
    chosen = chosen_of(element) if local_name(element) == "AlternateContent" else element
    for below in () if chosen is None else chosen.iter():
        if local_name(below) == "oMath":
            yield f" {linear(below)} "


def _numbered(kind: str, number: int) -> str:
    numerals = next((name for start, name in _NUMERALS.items() if kind.startswith(start)), "decimal")
    around = next((form for end, form in _AROUND.items() if kind.endswith(end)), "{}.")
    return around.format(numeral(numerals, number))
