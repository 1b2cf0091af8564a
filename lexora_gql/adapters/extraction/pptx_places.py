"""In what order people read what stands on a slide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import etree

from lexora_gql.adapters.extraction.office_xml import child

# Of a shape's width and height, at either end: frames reach beyond what they show, and overlap a little.
SLACK = 0.15
# More shapes than this are a drawing; they are read line by line.
SHAPES_MAX = 500
_COORDINATE_CHARACTERS_MAX = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shape stands; y goes down."""

    left: float
    top: float
    width: float
    height: float

    @property
    def across(self) -> tuple[float, float]:
        """From where to where it reaches from the left, some slack at either end left out."""
        return self.left + self.width * SLACK, self.left + self.width * (1 - SLACK)

    @property
    def down(self) -> tuple[float, float]:
        """From where to where it reaches from the top, some slack at either end left out."""
        return self.top + self.height * SLACK, self.top + self.height * (1 - SLACK)

    def mirrored(self) -> "Place":
        """Return where it stands for who reads from the right."""
        return Place(-self.left - self.width, self.top, self.width, self.height)


def place_of(shape: etree._Element) -> Place | None:
    """Return where a shape says that it stands, in the unit of the slide or of the group around it."""
    for path in (("spPr", "xfrm"), ("grpSpPr", "xfrm"), ("xfrm",)):
        placed = child(shape, *path)
        offset, extent = child(placed, "off"), child(placed, "ext")
        if offset is not None and extent is not None:
            told = [
                _number(offset.get("x")),
                _number(offset.get("y")),
                _number(extent.get("cx")),
                _number(extent.get("cy")),
            ]
            return Place(*told)
    return None


def in_order(places: Sequence[Place | None], *, columns_first: bool = False) -> list[int]:
    """Return in which order to read shapes, as indices: rows from the top, in each from the left.

    Shapes beside one that reaches over several rows are read as a column. What has no place comes last.

    Args:
        places: Of the shapes.
        columns_first: Whether columns are read to their ends even where there are rows as well.
    """
    placed = {index: place for index, place in enumerate(places) if place is not None}
    others = [index for index, place in enumerate(places) if place is None]
    if len(placed) > SHAPES_MAX:
        return sorted(placed, key=lambda index: (placed[index].top, placed[index].left)) + others
    return _cut(placed, list(placed), columns_first=columns_first) + others


def _cut(places: dict[int, Place], indices: list[int], *, columns_first: bool) -> list[int]:
    """Cut the slide along a line that goes through no shape, again and again."""
    if len(indices) < 2:
        return indices
    directions: list[Callable[[Place], tuple[float, float]]] = [lambda place: place.down, lambda place: place.across]
    for reach in reversed(directions) if columns_first else directions:
        parts = _parts(places, indices, reach)
        if len(parts) > 1:
            return [index for part in parts for index in _cut(places, part, columns_first=columns_first)]
    return sorted(indices, key=lambda index: (places[index].top, places[index].left))


def _parts(
    places: dict[int, Place], indices: list[int], reach: Callable[[Place], tuple[float, float]]
) -> list[list[int]]:
    parts: list[list[int]] = []
    reached = 0.0
    for index in sorted(indices, key=lambda index: reach(places[index])):
        low, high = reach(places[index])
        if not parts or low >= reached:
            parts.append([])
            reached = high
        parts[-1].append(index)
        reached = max(reached, high)
    return parts


def _number(text: str | None) -> float:
    written = (text or "").removeprefix("-")
    is_number = written.isascii() and written.isdigit() and len(written) <= _COORDINATE_CHARACTERS_MAX
    return float(text or 0) if is_number else 0.0
