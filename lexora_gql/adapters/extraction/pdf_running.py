"""Headers and footers that run through a document's pages, and page numbers: found by their repeating.

Nothing that is said once is dropped: a line goes where the same words stand at the same height on pages nearby, at the
very top or bottom of each, its numbers the same or counting with the pages, and where nothing else stands at that
height. The first of each stays, as it may be the document's title, unless it is a mere page number.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise

from lexora_gql.adapters.extraction.pdf_lines import Line, Page

# The share of a page's height, at its top and at its bottom, that may hold them.
MARGIN = 0.15
ROWS_MAX = 4
PAGES_MIN = 3
FURTHEST = 3
# Of the steps from page to page, and of the numbers that follow from those of the page before; the rest may jump, as
# where a chapter begins.
REGULAR_SHARE_MIN = 0.8
# Of the lines at its height, on its pages and a few before and after; where others stand, that is where text begins.
ALONE_SHARE_MIN = 0.8
NEARBY = 2
SAME_HEIGHT = 2.0
_NUMBER = re.compile(r"\d+")
# "3", "- 3 -", "Page 3", "Seite 3 von 12", "3 | 12"; more words than these may be a title.
_PAGE_NUMBER = re.compile(r"[\W_]*(?:[^\W\d_]{1,9}\W{0,2})?#(?:[\W_]*(?:[^\W\d_]{1,4})?[\W_]*#)?[\W_]*")
_ROMAN = re.compile(r"m{0,3}(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1_000}

Rows = list[list[int]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A line at the edge of a page: which page, where among its lines, how high, its words and the numbers in it."""

    page: int
    place: int
    y: float
    pattern: str
    numbers: tuple[int, ...]


def drop_running(pages: list[Page | None]) -> list[Page | None]:
    """Return the pages without what runs through them; a page that has nothing else stays as it is."""
    if len(pages) < PAGES_MIN:
        return pages
    edges = [_edges(page) for page in pages]
    running: set[tuple[int, int]] = set()
    firsts: set[tuple[int, int]] = set()
    for edge in zip(*edges, strict=True):
        for group in _alone(_lines_at_edge(pages, edge)):
            running.update((line.page, line.place) for line in group)
            if not _PAGE_NUMBER.fullmatch(group[0].pattern):
                firsts.add((group[0].page, group[0].place))
    return [
        page and _without(page, number, rows, running, firsts)
        for number, (page, rows) in enumerate(zip(pages, edges, strict=True))
    ]


def _without(
    page: Page, number: int, edges: tuple[Rows, Rows], running: set[tuple[int, int]], firsts: set[tuple[int, int]]
) -> Page:
    dropped: set[int] = set()
    for rows in edges:
        for row in rows:
            # From the edge inwards: what stands behind a line of the text is text.
            if not all((number, place) in running for place in row):
                break
            dropped.update(place for place in row if (number, place) not in firsts)
    return page.without(dropped) if len(dropped) < len(page.lines) else page


def _edges(page: Page | None) -> tuple[Rows, Rows]:
    """Return the rows at the top and at the bottom of a page, from its edge inwards, as places of their lines."""
    if page is None:
        return [], []
    margin = (page.top - page.bottom) * MARGIN
    order = sorted(range(len(page.lines)), key=lambda place: -page.lines[place].y)
    top = [place for place in order if page.lines[place].y > page.top - margin]
    bottom = [place for place in reversed(order) if page.lines[place].y < page.bottom + margin]
    return _rows(page.lines, top), _rows(page.lines, bottom)


def _rows(lines: tuple[Line, ...], places: list[int]) -> Rows:
    rows: Rows = []
    for place in places:
        if rows and abs(lines[rows[-1][0]].y - lines[place].y) <= SAME_HEIGHT:
            rows[-1].append(place)
        elif len(rows) == ROWS_MAX:
            break
        else:
            rows.append([place])
    return rows


def _lines_at_edge(pages: list[Page | None], edge: tuple[Rows, ...]) -> list[_Seen]:
    """Return all lines at the tops, or at the bottoms, of the pages."""
    return [
        _Seen(number, place, line.y, *_pattern(line.text))
        for number, (page, rows) in enumerate(zip(pages, edge, strict=True))
        if page is not None
        for row in rows
        for place in row
        for line in [page.lines[place]]
    ]


def _pattern(text: str) -> tuple[str, tuple[int, ...]]:
    """Return a line with "#" for each number, and the numbers."""
    if _ROMAN.fullmatch(text):
        return "#", (_roman(text),)
    numbers = tuple(int(number[:9]) for number in _NUMBER.findall(text))
    return " ".join(_NUMBER.sub("#", text).split()), numbers


def _roman(text: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in text.lower()]
    return sum(-value if value < after else value for value, after in pairwise([*values, 0]))


def _alone(lines: list[_Seen]) -> list[list[_Seen]]:
    """Return the groups of lines that run through pages, where hardly anything else stands at their height."""
    alike: defaultdict[str, list[_Seen]] = defaultdict(list)
    at_height: defaultdict[int, list[_Seen]] = defaultdict(list)
    for line in lines:
        alike[line.pattern].append(line)
        at_height[round(line.y / SAME_HEIGHT)].append(line)
    groups = [group for same in alike.values() for group in _groups(same)]
    repeating = {(line.page, line.place) for group in groups for line in group}
    return [group for group in groups if _is_alone(group, at_height, repeating)]


def _is_alone(group: list[_Seen], at_height: dict[int, list[_Seen]], repeating: set[tuple[int, int]]) -> bool:
    height = round(group[0].y / SAME_HEIGHT)
    beside = [
        (line.page, line.place) in repeating
        for near in (height - 1, height, height + 1)
        for line in at_height.get(near, ())
        if abs(line.y - group[0].y) <= SAME_HEIGHT and group[0].page - NEARBY <= line.page <= group[-1].page + NEARBY
    ]
    return sum(beside) >= ALONE_SHARE_MIN * len(beside)


def _groups(lines: list[_Seen]) -> list[list[_Seen]]:
    """Return those of the lines with the same words that run through pages, in order of the pages."""
    if len(lines) < PAGES_MIN:
        return []
    lines.sort(key=lambda line: line.y)
    at_height: list[list[_Seen]] = [[lines[0]]]
    for before, line in pairwise(lines):
        if line.y - before.y > SAME_HEIGHT:
            at_height.append([])
        at_height[-1].append(line)
    for same in at_height:
        same.sort(key=lambda line: line.page)
    return [run for same in at_height for run in _runs(same) if _is_running(run)]


def _runs(lines: list[_Seen]) -> list[list[_Seen]]:
    """Part the lines where too many pages lie between."""
    runs = [[lines[0]]]
    for before, line in pairwise(lines):
        if line.page - before.page > FURTHEST:
            runs.append([])
        runs[-1].append(line)
    return runs


def _is_running(lines: list[_Seen]) -> bool:
    if len({line.page for line in lines}) < PAGES_MIN:
        return False
    pairs = list(pairwise(lines))
    enough = REGULAR_SHARE_MIN * len(pairs)
    # Every page, or every second: left and right pages may have different ones.
    [(step, steps)] = Counter(other.page - one.page for one, other in pairs).most_common(1)
    return (
        step in (1, 2)
        and steps >= enough
        and all(
            sum(_follows(one, other, which) for one, other in pairs) >= enough for which in range(len(lines[0].numbers))
        )
    )


def _follows(one: _Seen, other: _Seen, which: int) -> bool:
    return other.numbers[which] - one.numbers[which] in (0, other.page - one.page)
