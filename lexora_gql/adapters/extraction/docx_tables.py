"""The rows and cells of a table of a DOCX, and the table as Markdown."""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from lexora_gql.adapters.extraction.office_xml import child, local_name, value, whole_number

SPAN_MAX = 63
# What may stand around rows and cells without being part of the table.
TRANSPARENT = {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "body", "docPartBody"}
_ROW_GONE = {"del", "moveFrom"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row; None for its element where the row leaves a place empty.

    Attributes:
        span: Columns that it takes.
        is_continued: Whether it only goes on with the cell above or before.
    """

    element: etree._Element | None
    span: int
    is_continued: bool = False


def rows_of(table: etree._Element) -> list[list[Cell]]:
    """Return the cells of each row that was not deleted."""
    return [list(_cells(row)) for row in _named(table, "tr") if not _is_deleted(child(row, "trPr"), _ROW_GONE)]


def markdown(rows: list[list[str]]) -> str:
    """Return rows of equal width as a table, the first as its head."""
    head, *others = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *others])


def flat(table: str) -> str:
    """Return a table that stands in a cell of another on one line: its cells, and its rows, in order."""
    head, _, *others = table.split("\n")
    rows = (", ".join(cell.strip() for cell in row.strip("| ").split(" | ") if cell.strip()) for row in [head, *others])
    return "; ".join(row for row in rows if row)


def _cells(row: etree._Element) -> Iterator[Cell]:
    properties = child(row, "trPr")
    yield from _left_out(properties, "gridBefore")
    for cell in _named(row, "tc"):
        own = child(cell, "tcPr")
        if child(own, "cellDel") is not None:
            continue
        span = whole_number(value(child(own, "gridSpan"))) or 1
        yield Cell(cell, min(span, SPAN_MAX), _is_continued(own, "vMerge") or _is_continued(own, "hMerge"))
    yield from _left_out(properties, "gridAfter")


def _left_out(properties: etree._Element | None, name: str) -> Iterator[Cell]:
    count = whole_number(value(child(properties, name))) or 0
    if count:
        yield Cell(None, min(count, SPAN_MAX))


def _is_continued(properties: etree._Element | None, name: str) -> bool:
    merged = child(properties, name)
    return merged is not None and value(merged) != "restart"


def _is_deleted(properties: etree._Element | None, names: set[str]) -> bool:
    return any(local_name(element) in names for element in (properties if properties is not None else ()))


def _named(container: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Yield the rows of a table or the cells of a row, through what may stand around them."""
    for element in container:
        name = local_name(element)
        if name == wanted:
            yield element
        elif name in TRANSPARENT:
            yield from _named(element, wanted)
