"""Tables of a slide, as Markdown."""

from collections.abc import Iterator

from lxml import etree

from lexora_gql.adapters.extraction.blocks import Block, Kind
from lexora_gql.adapters.extraction.docx_tables import markdown
from lexora_gql.adapters.extraction.office_xml import child, local_name
from lexora_gql.adapters.extraction.pptx_text import blocks_of, line_of

_ON = {"1", "true", "on"}


def table_blocks(table: etree._Element) -> Iterator[Block]:
    """Yield a table, the first row as its head; of a single column what it says, which is a frame around text."""
    rows = [[cell for cell in row if local_name(cell) == "tc"] for row in table if local_name(row) == "tr"]
    width = max(map(len, rows), default=0)
    if width == 1:
        for cell in (cell for row in rows for cell in row if not _is_continued(cell)):
            yield from blocks_of(child(cell, "txBody"))
        return
    texts = [[_text(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    if kept := [row for row in texts if any(row)]:
        yield Block(markdown(kept), Kind.WHOLE)


def _text(cell: etree._Element) -> str:
    return "" if _is_continued(cell) else line_of(child(cell, "txBody")).replace("|", "\\|")


def _is_continued(cell: etree._Element) -> bool:
    """Whether a cell only goes on with the one before, or above."""
    return cell.get("hMerge") in _ON or cell.get("vMerge") in _ON
