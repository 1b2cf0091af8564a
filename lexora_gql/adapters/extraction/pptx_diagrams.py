"""SmartArt: what its points say, those that belong to another below it."""

from collections.abc import Iterator

from lxml import etree

from lexora_gql.adapters.extraction.blocks import Block, Kind
from lexora_gql.adapters.extraction.office_xml import child, local_name, whole_number
from lexora_gql.adapters.extraction.pptx_text import LEVELS, line_of

# The others stand for what is drawn, and for lines between points.
_SAYING = {"node", "asst"}


def diagram_blocks(model: etree._Element | None) -> Iterator[Block]:
    """Yield each point as an item of a list."""
    points = {point.get("modelId", ""): point for point in _named(child(model, "ptLst"), "pt")}
    below: dict[str, list[tuple[int, str]]] = {}
    for connection in _named(child(model, "cxnLst"), "cxn"):
        if connection.get("type", "parOf") == "parOf":
            order = whole_number(connection.get("srcOrd")) or 0
            below.setdefault(connection.get("srcId", ""), []).append((order, connection.get("destId", "")))
    roots = [identity for identity, point in points.items() if point.get("type") == "doc"]
    seen: set[str] = set()
    # Points that hang on nothing are read as well, in the order of the file.
    for start in [*roots, *points]:
        waiting = [(start, -1 if start in roots else 0)]
        while waiting:
            identity, level = waiting.pop()
            if identity in seen or identity not in points:
                continue
            seen.add(identity)
            if text := _said(points[identity]):
                yield Block(f"{'  ' * min(max(level, 0), LEVELS)}- {text}", Kind.ITEM)
            waiting += ((other, level + 1) for _, other in sorted(below.get(identity, ()), reverse=True))


def _said(point: etree._Element) -> str:
    return line_of(child(point, "t")) if point.get("type", "node") in _SAYING else ""


def _named(container: etree._Element | None, name: str) -> Iterator[etree._Element]:
    return (element for element in (() if container is None else container) if local_name(element) == name)
