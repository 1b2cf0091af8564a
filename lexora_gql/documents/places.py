"""Where a stretch of a document's text stands on its pages.

What is stored of a page is its text in reading order, with words at line ends joined and without headers and footers.
What the file says is in whatever order it was drawn. Letters are the same in both: a stretch is found by its letters
and digits alone, and where it occurs more than once, by those around it.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, takewhile

from lexora_gql.ports.page_reader import PlacedWord

# Letters on each side that tell occurrences apart.
CONTEXT = 60
# A piece of fewer letters may stand anywhere.
LETTERS_MIN = 4
# One of so many is the same, whatever stands around it.
LETTERS_SURE = 12
# Full stops and quotation marks at the ends of a stretch.
SIGNS_MAX = 20
# Words further apart than this many times their height are not marked in one: a column of a table, and the next.
GAP = 2.0


@dataclass(frozen=True, slots=True)
class PageRect:
    """A rectangle on a page, in points from the page's lower left corner.

    Attributes:
        page: 1 for the first page of the file.
    """

    page: int
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class _Letters:
    """A text's letters and digits, in one form.

    Attributes:
        text: As compared.
        places: Where each stands in the text, never falling.
    """

    text: str
    places: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "_Letters":
        """Return the letters of a text."""
        pairs = [(letter, place) for place, sign in enumerate(text) for letter in _compared(sign)]
        return cls("".join(letter for letter, _ in pairs), [place for _, place in pairs])


def locate(page: str, start: int, end: int, words: Sequence[PlacedWord], number: int) -> list[PageRect]:
    """Return the rectangles that hold a stretch of a page's text, one a line, in the file's order.

    Args:
        page: The page's stored text.
        start: Where the stretch begins in it.
        end: Where it ends.
        words: Of the page, in the file's order.
        number: Of the page.
    """
    drawn = " ".join(word.text for word in words)
    # One more than a word has letters, for the blank behind it.
    signs = [(word, sides) for word in words for sides in (*word.sides, None)]
    stored, shown = _Letters.of(page), _Letters.of(drawn)
    first, last = bisect_left(stored.places, start), bisect_left(stored.places, end)
    rects: list[PageRect] = []
    for low, high in sorted(_stretches(stored, shown, first, last, page)):
        begin, stop = shown.places[low], shown.places[high - 1] + 1
        # Full stops and quotation marks at its ends belong to it, where they stand in the text too.
        begin -= _common(page[start : stored.places[first]][::-1], drawn[max(0, begin - SIGNS_MAX) : begin][::-1])
        stop += _common(page[stored.places[last - 1] + 1 : end], drawn[stop : stop + SIGNS_MAX])
        rects += _lines(signs[begin:stop], number)
    return rects


def _stretches(stored: _Letters, shown: _Letters, first: int, last: int, page: str) -> Iterator[tuple[int, int]]:
    """Yield where letters of the stored text stand among those shown, in as few pieces as there are."""
    if last - first < LETTERS_MIN:
        return
    if (found := _best(stored, shown, first, last)) is not None:
        yield found, found + last - first
        return
    # Its lines were put in order, or a note between them left out. The middle line end parts best, then any blank.
    begin, end = stored.places[first], stored.places[last - 1]
    middle = (begin + end) // 2
    for blank in ("\n", " "):
        cuts = [place for place in range(begin, end) if page[place] == blank]
        if cuts:
            cut = bisect_left(stored.places, min(cuts, key=lambda place: abs(place - middle)))
            yield from _stretches(stored, shown, first, cut, page)
            yield from _stretches(stored, shown, cut, last, page)
            return


def _best(stored: _Letters, shown: _Letters, first: int, last: int) -> int | None:
    """Return where the letters stand that have the most in common with those around, None where there are none."""
    sought = stored.text[first:last]
    before, after = stored.text[max(0, first - CONTEXT) : first], stored.text[last : last + CONTEXT]
    best, most = None, -1
    place = shown.text.find(sought)
    while place >= 0:
        behind = place + len(sought)
        common = _common(before[::-1], shown.text[max(0, place - CONTEXT) : place][::-1])
        common += _common(after, shown.text[behind : behind + CONTEXT])
        if common > most:
            best, most = place, common
        place = shown.text.find(sought, place + 1)
    is_alone = shown.text.count(sought) == stored.text.count(sought) == 1
    return best if is_alone or len(sought) >= LETTERS_SURE or most >= LETTERS_MIN else None


def _lines(signs: Sequence[tuple[PlacedWord, tuple[float, float] | None]], number: int) -> list[PageRect]:
    rects: list[PageRect] = []
    for _, run in groupby(signs, key=lambda sign: id(sign[0])):
        placed = [(word, sides) for word, sides in run if sides is not None]
        if not placed:
            continue
        word = placed[0][0]
        edges = [edge for _, sides in placed for edge in sides]
        rect = PageRect(number, min(edges), word.bottom, max(edges), word.top)
        if rects and _is_in_line(rects[-1], rect):
            rects[-1] = _around(rects[-1], rect)
        else:
            rects.append(rect)
    return rects


def _is_in_line(one: PageRect, other: PageRect) -> bool:
    height = min(one.top - one.bottom, other.top - other.bottom)
    gap = max(other.left - one.right, one.left - other.right)
    taller = max(one.top - one.bottom, other.top - other.bottom)
    return min(one.top, other.top) - max(one.bottom, other.bottom) > height / 2 and gap <= GAP * taller


def _around(one: PageRect, other: PageRect) -> PageRect:
    return PageRect(
        one.page,
        min(one.left, other.left),
        min(one.bottom, other.bottom),
        max(one.right, other.right),
        max(one.top, other.top),
    )


def _common(one: str, other: str) -> int:
    """Return how many signs two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


@lru_cache(maxsize=65_536)
def _compared(sign: str) -> str:
    """Return the letters and digits of a sign: of a ligature several, of an accented letter the bare one."""
    parts = unicodedata.normalize("NFKD", sign).casefold()
    return "".join(part for part in parts if unicodedata.category(part)[0] in "LN")
