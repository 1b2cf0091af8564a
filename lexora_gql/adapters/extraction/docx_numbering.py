"""The labels of lists and numbered headings of a DOCX, which are not in its text: Word counts when it prints."""

import re
from dataclasses import dataclass, field

from lxml import etree

from lexora_gql.adapters.extraction.docx_styles import LEVELS, child, local_name, value, whole_number

BULLET = "-"
ROMAN_MAX = 3_999
LABEL_CHARACTERS_MAX = 40
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is counted."""

    kind: str = "decimal"
    pattern: str = ""
    start: int = 1


@dataclass(slots=True)
class Counting:
    """A list as it is being counted; lists that share a definition go on counting where the other stopped."""

    levels: dict[int, Level]
    counts: list[int | None] = field(default_factory=lambda: [None] * LEVELS)


class Numbering:
    """The lists of one document."""

    def __init__(self, part: etree._Element | None) -> None:
        definitions: dict[str | None, Counting] = {}
        self._lists: dict[str | None, Counting] = {}
        for element in part if part is not None else ():
            if local_name(element) == "abstractNum":
                definitions[value(element, "abstractNumId")] = Counting(dict(_levels(element)))
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
        counting.counts[place + 1 :] = [None] * (LEVELS - place - 1)
        if level.kind == "none":
            return ""
        pattern = level.pattern or f"%{place + 1}."
        return _PLACE.sub(lambda match: _printed(counting, int(match[1]) - 1), pattern)[:LABEL_CHARACTERS_MAX].strip()


def _levels(definition: etree._Element) -> list[tuple[int, Level]]:
    return [_level(element) for element in definition if local_name(element) == "lvl"]


def _level(element: etree._Element) -> tuple[int, Level]:
    start = whole_number(value(child(element, "start")))
    level = Level(
        kind=value(child(element, "numFmt")) or "decimal",
        pattern=value(child(element, "lvlText")) or "",
        start=1 if start is None else start,
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
        found.append((place, level if start is None else Level(level.kind, level.pattern, start)))
    return found


def _printed(counting: Counting, place: int) -> str:
    level = counting.levels.get(place, Level())
    count = counting.counts[place]
    number = level.start if count is None else count
    match level.kind:
        case "lowerLetter" | "upperLetter" if number > 0:
            # Word goes on after z with aa, bb, cc.
            letters = chr(ord("a") + (number - 1) % 26) * min(1 + (number - 1) // 26, LABEL_CHARACTERS_MAX)
            return letters.upper() if level.kind == "upperLetter" else letters
        case "lowerRoman" | "upperRoman" if 0 < number <= ROMAN_MAX:
            return _roman(number).upper() if level.kind == "upperRoman" else _roman(number)
        case "decimalZero":
            return f"{number:02}"
        case _:
            return str(number)


def _roman(number: int) -> str:
    printed = ""
    for amount, letters in _ROMAN:
        printed += letters * (number // amount)
        number %= amount
    return printed
