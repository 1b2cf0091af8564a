"""Charts of a slide: their title, and what they show as a table."""

import math
from collections.abc import Iterator
from datetime import date, timedelta

from lxml import etree

from lexora_gql.adapters.extraction.blocks import Block, Kind
from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.adapters.extraction.docx_tables import markdown
from lexora_gql.adapters.extraction.office_xml import child, local_name, whole_number

POINTS_MAX = 10_000
DIGITS = 4
_DAY_ZERO = date(1899, 12, 30)
_DAYS_MAX = 100_000


def chart_blocks(space: etree._Element | None) -> Iterator[Block]:
    """Yield a chart's title, and its values: a row for each category, a column for each series."""
    chart = child(space, "chart")
    if title := _title(child(chart, "title")):
        yield Block(title)
    plot = child(chart, "plotArea")
    series = [element for element in (() if plot is None else plot.iter()) if local_name(element) == "ser"]
    names = [_name(child(one, "tx")) for one in series]
    categories: dict[int, str] = {}
    for one in series:
        for place, text in _points(child(one, "cat"), child(one, "xVal")).items():
            categories.setdefault(place, text)
    columns = [_points(child(one, "val"), child(one, "yVal")) for one in series]
    places = sorted({*categories, *(place for column in columns for place in column)})
    rows = [[categories.get(place, ""), *(column.get(place, "") for column in columns)] for place in places]
    if any(any(row) for row in rows):
        yield Block(markdown([["", *names], *rows]), Kind.WHOLE)


def _title(title: etree._Element | None) -> str:
    """Return what is written over a chart, typed there or taken from a cell."""
    told = () if title is None else title.iter()
    return one_line("".join(element.text or "" for element in told if local_name(element) in {"t", "v"}))


def _name(told: etree._Element | None) -> str:
    values = () if told is None else told.iter()
    return _cell(next((element.text or "" for element in values if local_name(element) == "v"), ""))


def _points(*sources: etree._Element | None) -> dict[int, str]:
    """Return the values that the chart remembers of its cells, by their place; of several levels the innermost."""
    points: dict[int, str] = {}
    for source in sources:
        form = ""
        for element in () if source is None else source.iter():
            if local_name(element) == "formatCode":
                form = element.text or ""
            elif local_name(element) == "pt" and len(points) < POINTS_MAX:
                place, told = whole_number(element.get("idx")), child(element, "v")
                if place is not None and told is not None:
                    points.setdefault(place, _cell(_shown(told.text or "", form)))
    return points


def _shown(text: str, form: str) -> str:
    """Return a number as people see it: a share in per cent, a day by its date, not more digits than make sense."""
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    if "%" in form:
        return f"{round(number * 100, 2):g}%"
    letters = form.lower()
    if "y" in letters and "general" not in letters and 0 < number < _DAYS_MAX:
        return (_DAY_ZERO + timedelta(days=int(number))).isoformat()
    return str(round(number, DIGITS)) if "." in text and "e" not in text.lower() else text


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")
