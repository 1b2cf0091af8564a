"""Tables of a page: those that hold data, as rows of equal width."""

from collections.abc import Callable, Iterator

from lxml import etree

COLUMNS_MAX = 100
CELLS_MAX = 1_000_000
# A cell that holds more is a part of the page, put in its place by a table.
CELL_CHARACTERS_MAX = 2_000
_LAYOUT = etree.XPath("boolean(.//table | .//h1 | .//h2 | .//h3 | .//pre | .//form)")
_ROWS = etree.XPath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
_CELLS = etree.XPath("./td | ./th")
_CAPTION = etree.XPath("string(./caption)")


def is_grid(table: etree._Element) -> bool:
    """Whether a table holds data, rather than putting a page's parts beside each other."""
    if table.get("role") in {"presentation", "none"} or _LAYOUT(table) or _CAPTION(table).strip():
        return False
    rows = _ROWS(table)
    widths = [sum(_span(cell, "colspan") for cell in _CELLS(row)) for row in rows]
    widest = max(widths, default=0)
    if len(rows) < 2 or not 1 < widest <= COLUMNS_MAX or len(rows) * widest > CELLS_MAX:
        return False
    return not any(_is_long(cell) for row in rows for cell in _CELLS(row))


def grid_of(table: etree._Element, text_of: Callable[[etree._Element], str]) -> list[list[str]]:
    """Return the text of each cell, empty where a cell goes on from above or from before."""
    taken: dict[int, int] = {}
    rows = [_row(row, taken, text_of) for row in _ROWS(table)]
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _row(row: etree._Element, taken: dict[int, int], text_of: Callable[[etree._Element], str]) -> list[str]:
    """Return a row's cells; `taken` says for how many more rows a column is filled from above, and is kept up."""
    texts: list[str] = []
    cells: Iterator[etree._Element] = iter(_CELLS(row))
    for cell in cells:
        _fill(texts, taken)
        span, below = _span(cell, "colspan"), _span(cell, "rowspan") - 1
        for column in range(len(texts), len(texts) + span):
            if below > 0:
                taken[column] = below
        texts += [text_of(cell).replace("|", "\\|"), *[""] * (span - 1)]
    _fill(texts, taken)
    return texts[:COLUMNS_MAX]


def _fill(texts: list[str], taken: dict[int, int]) -> None:
    while taken.get(len(texts), 0) > 0:
        taken[len(texts)] -= 1
        texts.append("")


def _span(cell: etree._Element, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(1, int(value)), COLUMNS_MAX) if value.isascii() and value.isdigit() and len(value) < 7 else 1


def _is_long(cell: etree._Element) -> bool:
    return len("".join(cell.itertext()).strip()) > CELL_CHARACTERS_MAX
