"""The numbers and dates that a text states, comparable over notations and languages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from lexora_gql.conversations.citations.numerals import (
    CHINESE_DIGITS,
    CHINESE_SCALES,
    MAGNITUDES,
    MONTHS,
    NUMBER_WORDS,
    UNITS,
    chinese_number,
)
from lexora_gql.conversations.language.wording import folded, is_unspaced

DIGITS_MAX = 30

_MONTH = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_SUFFIX = "(?:st|nd|rd|th|er|o)?"
_DATES = (
    re.compile(r"(?<![\d.])(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\d])"),
    re.compile(r"(?<![\d.])(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<y>\d{4})(?!\d)"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})\.?{_SUFFIX}\s+(?:of |de )?(?P<name>{_MONTH})\b\.?(?:,?\s+(?:de |of )?(?P<y>\d{{4}})\b)?"
    ),
    re.compile(rf"\b(?P<name>{_MONTH})\b\.?\s+(?P<d>\d{{1,2}}){_SUFFIX}\b(?!\s?[:%]|[.,]\d)(?:,?\s+(?P<y>\d{{4}})\b)?"),
    re.compile(rf"\b(?P<name>{_MONTH})\b\.?,?\s+(?:de |of )?(?P<y>\d{{4}})\b"),
    re.compile(r"(?:(?P<y>\d{4})\s?年\s?)?(?<!\d)(?P<m>\d{1,2})\s?月(?!份?间)(?:\s?(?P<d>\d{1,2})\s?[日号號])?"),
)
_NUMBER = re.compile(
    r"(?<![\d])(?P<minus>(?<![\w)\]%])[-−])?(?P<currency>[€$£]\s?)?"
    r"(?P<number>\d{1,3}(?:[ ,.'’]\d{3})+(?!\d)(?:[.,]\d{1,9}(?!\d))?|\d+(?:[.,:]\d+)*)"
)
_CHINESE = re.compile(f"[{''.join((*CHINESE_DIGITS, *CHINESE_SCALES))}]+")
_WORD = re.compile(r"[^\W\d_]+")
_PERCENT_PHRASES = ("per cent", "pour cent", "por ciento", "في المئة", "في المائة")
_PERCENT = frozenset(map(folded, (*"%٪", "percent", "pct", "prozent", "percentage", "процентов", "بالمئة", "بالمائة")))
_PERCENT |= frozenset(map(folded, _PERCENT_PHRASES))
_NEXT = re.compile(r"[ \-]?(?P<word>[%٪€$£]|(?:" + "|".join(map(folded, _PERCENT_PHRASES)) + r")\b|[^\W\d_]+)")
# They may be read as a unit or a word too: "5 m", "mil" or "k".
_VAGUE_MAGNITUDES = frozenset({"m", "k", "mil", "百", "千"})
_SUPERSCRIPTS = str.maketrans(dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹", " ") | {"٫": ".", "٬": ","})


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written.

    Attributes:
        values: What it may mean: 1.000 is a thousand to some and one to others; text where it is a version or a time.
        unit: Of `UNITS`, where one is named.
        is_percent: Whether it is a percentage.
        is_incidental: Not a statement by itself, such as "one" or the year within a date.
    """

    values: frozenset[Decimal | str]
    unit: str | None = None
    is_percent: bool = False
    is_incidental: bool = False

    def agrees(self, stated: "Number") -> bool:
        """Return whether another number states this one."""
        if not self.values & stated.values or (self.unit and stated.unit and self.unit != stated.unit):
            return False
        return stated.is_percent if self.is_percent else not (self.unit and stated.is_percent)


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers, and dates as (year, month, day) with 0 for what is not said, each with all its readings."""

    numbers: tuple[Number, ...]
    dates: tuple[frozenset[tuple[int, int, int]], ...]

    @property
    def months(self) -> frozenset[int]:
        """Every month that a date names."""
        return frozenset(month for readings in self.dates for _, month, _ in readings)

    def stand_in(self, quote: "Figures") -> bool:
        """Return whether a quote states every number and date of this text."""
        numbers = (number for number in self.numbers if not number.is_incidental)
        return all(any(number.agrees(stated) for stated in quote.numbers) for number in numbers) and all(
            any(_same_day(wanted, stated, quote.numbers) for readings in quote.dates for stated in readings)
            for wanted in self.dates
        )


def _same_day(
    wanted: frozenset[tuple[int, int, int]], stated: tuple[int, int, int], numbers: tuple[Number, ...]
) -> bool:
    for year, month, day in wanted:
        if (month, day) not in {stated[1:], (stated[1], 0)}:
            continue
        if year in {0, stated[0]} or (not stated[0] and any(Decimal(year) in number.values for number in numbers)):
            return True
    return False


def figures_of(text: str) -> Figures:
    """Return what numbers and dates a text states."""
    rest = folded(text.translate(_SUPERSCRIPTS))
    if not any(character.isdecimal() for character in rest):
        return Figures((*_chinese(rest), *_spelled(rest)), ())
    dates: list[frozenset[tuple[int, int, int]]] = []

    def take(match: re.Match[str]) -> str:
        readings = _readings(match.groupdict())
        if not readings:
            return match[0]
        dates.append(readings)
        return " " * len(match[0])

    for pattern in _DATES:
        rest = pattern.sub(take, rest)
    years = {year for readings in dates for year, _, _ in readings if year}
    within = (Number(frozenset({Decimal(year)}), is_incidental=True) for year in years)
    return Figures((*within, *_digits(rest), *_chinese(rest), *_spelled(rest)), tuple(dates))


def _readings(parts: dict[str, str | None]) -> frozenset[tuple[int, int, int]]:
    year = int(parts.get("y") or 0)
    if parts.get("a"):
        first, second = int(parts["a"] or 0), int(parts["b"] or 0)
        candidates = {(year, second, first), (year, first, second)}
    else:
        month = MONTHS[parts["name"]] if parts.get("name") else int(parts.get("m") or 0)  # type: ignore[index]  # checked
        candidates = {(year, month, int(parts.get("d") or 0))}
    return frozenset(date for date in candidates if 1 <= date[1] <= 12 and date[2] <= 31)


def _digits(text: str) -> Iterator[Number]:
    for match in _NUMBER.finditer(text):
        values = _values(match["number"])
        if match["minus"]:
            values = {-value if isinstance(value, Decimal) else value for value in values}
        currency = UNITS.get((match["currency"] or "").strip())
        yield _measured(values, text, match.start(), match.end(), currency)


def _chinese(text: str) -> Iterator[Number]:
    for match in _CHINESE.finditer(text):
        if len(match[0]) > DIGITS_MAX or (text[match.start() - 1 : match.start()].isdecimal() and match.start()):
            continue
        number = _measured({Decimal(chinese_number(match[0]))}, text, match.start(), match.end(), None)
        is_word = len(match[0]) == 1 and (number.unit is None or match[0] == "一")
        yield Number(number.values, number.unit, number.is_percent, is_incidental=is_word)


def _spelled(text: str) -> Iterator[Number]:
    for match in _WORD.finditer(text):
        if match[0] in NUMBER_WORDS:
            value = NUMBER_WORDS[match[0]]
            number = _measured({Decimal(value)}, text, match.start(), match.end(), None)
            yield Number(number.values, number.unit, number.is_percent, is_incidental=value <= 1)


def _measured(values: set[Decimal | str] | set[Decimal], text: str, start: int, end: int, unit: str | None) -> Number:
    """Read what follows a number: a magnitude, a percent sign, a unit."""
    read: set[Decimal | str] = set(values)
    is_percent = text[max(0, start - 3) : start] == "百分之"
    for _ in range(2):
        word = _next_word(text, end)
        if word is None:
            break
        token, end = word
        if token in MAGNITUDES and not is_percent:
            scaled = {value * MAGNITUDES[token] for value in read if isinstance(value, Decimal)}
            read = read | scaled if token in _VAGUE_MAGNITUDES else {*scaled}
            continue
        is_percent = is_percent or token in _PERCENT
        unit = unit or UNITS.get(token)
        break
    return Number(frozenset(read), unit, is_percent)


def _next_word(text: str, place: int) -> tuple[str, int] | None:
    match = _NEXT.match(text, place)
    if match is None:
        return None
    word = match["word"]
    if is_unspaced(word[0]):
        word = next((word[:size] for size in (2, 1) if word[:size] in UNITS or word[:size] in MAGNITUDES), word[:1])
    return word, match.start("word") + len(word)


def _values(written: str) -> set[Decimal | str]:
    """Return what digits with separators may mean."""
    if len(written) > DIGITS_MAX or ":" in written:
        return {written.lstrip("0")}
    marks = [character for character in written if not character.isdecimal()]
    if not marks:
        # Four digits that begin with 0 are a time of day, as pilots and soldiers write it.
        is_time = len(written) == 4 and written[0] == "0" and written[2] < "6"
        return {Decimal(written), f"{written[1]}:{written[2:]}"} if is_time else {Decimal(written)}
    parts = re.split(r"[ ,.'’]", written)
    found: set[Decimal | str] = set()
    are_groups = all(len(part) == 3 for part in parts[1:]) and len(set(marks)) == 1
    if are_groups and parts[0] != "0":
        found.add(Decimal("".join(parts)))
    if marks[-1] in ".," and (len(marks) == 1 or marks[-1] not in marks[:-1]):
        found.add(Decimal("".join(parts[:-1]) + "." + parts[-1]).normalize())
    return found or {written}
