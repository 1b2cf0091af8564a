"""The order in which people read what stands on a page: columns one after the other, rows from the left."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Of the width of all text: what is wider stands over the columns rather than in one.
SPANNING_SHARE = 0.6
# In heights of a line: what parts columns, and how wide the lines of a column of prose are at least; those of tables,
# which are read in rows, are narrower as a rule.
GUTTER = 0.8
PROSE_WIDTH = 8.0
LINES_OF_A_COLUMN_MIN = 3


@dataclass(frozen=True, slots=True)
class Box:
    """Where a line of text stands, in any unit; y goes up."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def middle(self) -> float:
        """Half way between bottom and top."""
        return (self.bottom + self.top) / 2


def in_rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Return rows of places in `boxes`, in reading order; what stands side by side in a column is a row."""
    if not boxes:
        return []
    height = statistics.median(box.top - box.bottom for box in boxes)
    gutters = _gutters(boxes, height)
    ordered = sorted(range(len(boxes)), key=lambda place: -boxes[place].middle)
    columns: list[list[int]] = [[] for _ in range(len(gutters) + 1)]
    rows: list[list[int]] = []
    for place in ordered:
        box = boxes[place]
        if any(box.left < gutter < box.right for gutter in gutters):
            # A title over the columns ends what stands above it.
            rows += [row for column in columns for row in _rows(boxes, column, height)]
            columns = [[] for _ in columns]
            rows += _rows(boxes, [place], height)
        else:
            columns[sum(gutter <= box.left for gutter in gutters)].append(place)
    return rows + [row for column in columns for row in _rows(boxes, column, height)]


def _gutters(boxes: Sequence[Box], height: float) -> list[float]:
    """Return where columns of prose are parted, from left to right; empty where there is one column, or a table."""
    width = max(box.right for box in boxes) - min(box.left for box in boxes)
    narrow = sorted((box for box in boxes if box.right - box.left < SPANNING_SHARE * width), key=lambda box: box.left)
    if not narrow:
        return []
    columns = [[narrow[0]]]
    gutters = []
    reach = narrow[0].right
    for _, box in pairwise(narrow):
        if box.left - reach > GUTTER * height:
            gutters.append((box.left + reach) / 2)
            columns.append([])
        columns[-1].append(box)
        reach = max(reach, box.right)
    return gutters if all(_is_prose(column, height) for column in columns) else []


def _is_prose(column: list[Box], height: float) -> bool:
    widths = [box.right - box.left for box in column]
    return len(column) >= LINES_OF_A_COLUMN_MIN and statistics.median(widths) >= PROSE_WIDTH * height


def _rows(boxes: Sequence[Box], places: list[int], height: float) -> list[list[int]]:
    rows: list[list[int]] = []
    for place in places:
        if rows and boxes[rows[-1][0]].middle - boxes[place].middle < height / 2:
            rows[-1].append(place)
        else:
            rows.append([place])
    return [sorted(row, key=lambda place: boxes[place].left) for row in rows]
