"""HTML: what a page says, without what stands around it, scripts and styles."""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from lxml import etree

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.blocks import Block, joined
from lexora_gql.adapters.extraction.cleaning import clean_text, has_text, one_line
from lexora_gql.adapters.extraction.html_flow import Flow
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, HEADINGS_MAX
from lexora_gql.adapters.extraction.plain_text_extractor import read_decoded
from lexora_gql.ports.text_extractor import ExtractedText

KIND = "HTML file"
_CHARSET = re.compile(rb"""<meta\b[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_]|\Z)")
_WARNINGS = ("Parts of the HTML file are nested too deeply and were not read.",)
_MAIN = etree.XPath("//main | //*[@role='main']")


def declared_charset(head: bytes) -> str | None:
    """Return the encoding that a page names for itself."""
    found = _CHARSET.search(head)
    return None if found is None else found[1].decode("ascii", "replace")


def read_html(source: BinaryIO, _progress: Callable[[int, int | None], None]) -> Iterator[ExtractedText]:
    """Yield the text with its headings, tables and code.

    Where the page says which part of it is the main one, that is its text.

    Raises:
        ExtractionFailed: CORRUPT, NO_TEXT or TOO_LARGE_TO_PARSE.
    """
    root, is_cut = _parsed(read_decoded(source, KIND, declared_charset))
    blocks = _main(root) or list(Flow(root).blocks())
    if not any(has_text(block.text) for block in blocks):
        raise failures.corrupt(KIND) if is_cut else failures.blank(KIND)
    yield _assembled(blocks, _title(root), _language(root), _WARNINGS if is_cut else ())


def _parsed(text: str) -> tuple[etree._Element, bool]:
    """Return the page, and whether the parser gave up on a part of it."""
    # `huge_tree` lifts the limit of 10 MB a piece of text; memory is bounded already. Nothing is ever fetched.
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )  # fmt: skip
    try:
        root = etree.fromstring(clean_text(text).encode(), parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from None
        raise failures.corrupt(KIND) from None
    if root is None:
        raise failures.blank(KIND)
    return root, len(parser.error_log.filter_from_fatals()) > 0


def _main(root: etree._Element) -> list[Block]:
    """Return what stands in the main part; nothing where no part is named, or it is empty."""
    read: set[etree._Element] = set()
    blocks: list[Block] = []
    for part in _MAIN(root):
        # A main part within another is read with it.
        if read.isdisjoint(part.iterancestors()):
            read.add(part)
            blocks += Flow(part).blocks()
    return blocks if any(has_text(block.text) for block in blocks) else []


def _title(root: etree._Element) -> str | None:
    return one_line(root.findtext("head/title") or "") or None


def _language(root: etree._Element) -> str | None:
    found = _LANGUAGE.match(root.get("lang") or "")
    return found[1].lower() if found else None


def _assembled(
    blocks: list[Block], title: str | None, language: str | None, warnings: tuple[str, ...]
) -> ExtractedText:
    text, headings, whole = joined(blocks)
    return ExtractedText(
        text=text,
        headings=tuple(headings[:HEADINGS_MAX]),
        blocks=tuple(whole[:BLOCKS_MAX]),
        title=title or next((heading.title for heading in headings if heading.level == 1), None),
        language=language,
        warnings=warnings,
    )
