"""DOCX: the text put together in reading order, from the XML of its parts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import BinaryIO

from lxml import etree

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.docx_body import Block, DocxBody, Paragraph, Table
from lexora_gql.adapters.extraction.docx_margins import Margins
from lexora_gql.adapters.extraction.docx_numbering import Numbering
from lexora_gql.adapters.extraction.docx_package import KIND, open_docx
from lexora_gql.adapters.extraction.docx_styles import Styles
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, CHARACTERS_MAX, HEADINGS_MAX
from lexora_gql.adapters.extraction.office_xml import child, local_name, value
from lexora_gql.ports.text_extractor import ExtractedText, Heading, Span

BLOCKS_A_REPORT = 200


def read_docx(source: BinaryIO, progress: Callable[[int, int | None], None]) -> Iterator[ExtractedText]:
    """Yield the text with its headings and tables.

    Raises:
        ExtractionFailed: ENCRYPTED, CORRUPT, NO_TEXT or TOO_LARGE_TO_PARSE.
    """
    parts = open_docx(source)
    body = child(parts.document, "body")
    if body is None:
        raise failures.corrupt(KIND)
    notes = {**_notes("footnotes", parts.footnotes), **_notes("endnotes", parts.endnotes)}
    reader = DocxBody(Styles(parts.styles), Numbering(parts.numbering), notes)
    margins = Margins(body, parts.settings, parts.margins)
    try:
        blocks = chain(margins.blocks("header", reader), reader.blocks(body), margins.blocks("footer", reader))
        found = _assembled(blocks, parts.title, progress)
    except RecursionError:
        raise failures.corrupt(KIND) from None
    yield replace(found, warnings=_warnings(reader))


def _warnings(reader: DocxBody) -> tuple[str, ...]:
    if not reader.elsewhere:
        return ()
    what = "a part" if reader.elsewhere == 1 else f"{reader.elsewhere:,} parts"
    message = f"The DOCX includes {what} in another format or from another file, whose text was not read."
    return (f"{message} Open it in Word, save it anew and upload that.",)


def _notes(kind: str, part: etree._Element | None) -> dict[tuple[str, str | None], etree._Element]:
    elements = part if part is not None else ()
    return {(kind, value(note, "id")): note for note in elements if local_name(note) in {"footnote", "endnote"}}


def _assembled(
    blocks: Iterator[Block], title: str | None, progress: Callable[[int, int | None], None]
) -> ExtractedText:
    pieces: list[str] = []
    headings: list[Heading] = []
    tables: list[Span] = []
    end = 0
    was_item = False
    for count, block in enumerate(blocks, 1):
        is_item = isinstance(block, Paragraph) and block.is_item
        between = "" if not pieces else "\n" if is_item and was_item else "\n\n"
        start = end + len(between)
        end = start + len(block.text)
        if end > CHARACTERS_MAX:
            raise failures.too_much_text()
        pieces += (between, block.text)
        if isinstance(block, Table):
            tables.append(Span(start, end))
        elif block.level is not None:
            headings.append(Heading(block.level, block.text, start))
            title = title or (block.text if block.is_title else None)
        was_item = is_item
        if count % BLOCKS_A_REPORT == 0:
            progress(count, None)
    if not pieces:
        raise failures.blank(KIND)
    return ExtractedText(
        text="".join(pieces),
        headings=tuple(headings[:HEADINGS_MAX]),
        blocks=tuple(tables[:BLOCKS_MAX]),
        title=title,
    )
