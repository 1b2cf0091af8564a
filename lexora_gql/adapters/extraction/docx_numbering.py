"""The labels of lists and numbered headings of a DOCX, which are not in its text: Word counts when it prints."""

import re
from dataclasses import dataclass, field, replace

from lxml import etree

from lexora_gql.adapters.extraction.docx_numerals import numeral
from lexora_gql.adapters.extraction.docx_styles import LEVELS
from lexora_gql.adapters.extraction.office_xml import child, local_name, switched, value, whole_number

BULLET = "-"
LABEL_CHARACTERS_MAX = 40
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is counted.

    Attributes:
        kind: Of numerals, as Word names them.
        pattern: What is printed, such as "%1.%2)"; None where the file does not say, empty for nothing.
        start: The first number.
        restarts_below: The level counts anew after items of levels below this; 0 for never.
        is_legal: Whether the numbers of the levels above are printed as 1, 2, 3 whatever their kind.
    """

    kind: str = "decimal"
    pattern: str | None = None
    start: int = 1
    restarts_below: int | None = None
    is_legal: bool = False


@dataclass(slots=True)
class Counting:
    """A list as it is being counted; lists that share a definition go on counting where the other stopped."""

    levels: dict[int, Level]
    counts: list[int | None] = field(default_factory=lambda: [None] * LEVELS)

    def restart_after(self, place: int) -> None:
        """Have the levels below an item count anew, but for those that say otherwise."""
        for below in range(place + 1, LEVELS):
            restarts_below = self.levels.get(below, Level()).restarts_below
            if restarts_below is None or place < restarts_below:
                self.counts[below] = None

    def printed(self, place: int, *, legal: bool) -> str:
        """Return the number that a level stands at, in its own numerals."""
        level = self.levels.get(place, Level())
        count = self.counts[place]
        return numeral("decimal" if legal else level.kind, level.start if count is None else count)


class Numbering:
    """The lists of one document."""

    def __init__(self, part: etree._Element | None) -> None:
        definitions: dict[str | None, Counting] = {}
        by_style: dict[str | None, Counting] = {}
        self._lists: dict[str | None, Counting] = {}
        for element in sorted(part if part is not None else (), key=_is_by_reference):
            if local_name(element) == "abstractNum":
                # A definition may say no more than that it is the one of a style, which another one is for.
                linked = by_style.get(value(child(element, "numStyleLink")))
                definition = linked or Counting(dict(_levels(element)))
                definitions[value(element, "abstractNumId")] = definition
                if (style := value(child(element, "styleLink"))) is not None:
                    by_style[style] = definition
            elif local_name(element) == "num":
                shared = definitions.get(value(child(element, "abstractNumId")), Counting({}))
                overrides = dict(_overrides(element, shared.levels))
                own = Counting({**shared.levels, **overrides}) if overrides else shared
                self._lists[value(element, "numId")] = own

    def label(self, number: str, place: int) -> str:
        """Count one further item, and return what is printed before it, such as "-", "3." or "2.1"; empty for nothing.

        Args:
            number: The list.
            place: Its level, from 0 to 8.
        """
        counting = self._lists.get(number)
        if counting is None:
            return BULLET
        level = counting.levels.get(place, Level())
        if level.kind == "bullet":
            return BULLET
        before = counting.counts[place]
        counting.counts[place] = level.start if before is None else before + 1
        counting.restart_after(place)
        pattern = f"%{place + 1}." if level.pattern is None else level.pattern
        printed = _PLACE.sub(lambda match: counting.printed(int(match[1]) - 1, legal=level.is_legal), pattern)
        return printed[:LABEL_CHARACTERS_MAX].strip()


def _is_by_reference(element: etree._Element) -> int:
    """Order definitions before those that refer to them, and lists last."""
    if local_name(element) == "num":
        return 2
    return 1 if child(element, "numStyleLink") is not None else 0


def _levels(definition: etree._Element) -> list[tuple[int, Level]]:
    return [_level(element) for element in definition if local_name(element) == "lvl"]


def _level(element: etree._Element) -> tuple[int, Level]:
    start = whole_number(value(child(element, "start")))
    level = Level(
        kind=value(child(element, "numFmt")) or "decimal",
        pattern=None if (pattern := child(element, "lvlText")) is None else value(pattern) or "",
        start=1 if start is None else start,
        restarts_below=whole_number(value(child(element, "lvlRestart"))),
        is_legal=bool(switched(element, "isLgl")),
    )
    return whole_number(value(element, "ilvl")) or 0, level


def _overrides(number: etree._Element, shared: dict[int, Level]) -> list[tuple[int, Level]]:
    found: list[tuple[int, Level]] = []
    for element in number:
        if local_name(element) != "lvlOverride":
            continue
        place = whole_number(value(element, "ilvl")) or 0
        own = child(element, "lvl")
        level = _level(own)[1] if own is not None else shared.get(place, Level())
        start = whole_number(value(child(element, "startOverride")))
        found.append((place, level if start is None else replace(level, start=start)))
    return found
