"""Blanks that pdfium sees within words, where a file writes its blanks itself.

pdfium takes a gap between two pieces of text for a blank. Text recognition often places the last letter of a word, or
half of it, by itself and a little apart: "Th e Unite d States". A file's own blanks show how wide a blank is.
"""

import ctypes
import re
import statistics
from collections.abc import Sequence

from pypdfium2 import raw

# The share of the blanks of the file's own that a gap must have to be one, and how many of each kind tell.
NARROW = 0.4
WRITTEN_MIN = 20
SEEN_SHARE_MIN = 0.05
# So many blanks at most say whether a page has both kinds, and then, which widths they have.
GLANCES = 64
LOOKS = 256
_BLANK = re.compile(r"(?<=\w) (?=[\w.,;:)])")


def without_false(text_page: raw.FPDF_TEXTPAGE, row: str, position: int, widest: float) -> str:
    """Return a row without blanks that are narrower than any of the file's own would be.

    Args:
        text_page: The page's text.
        row: As pdfium gives it.
        position: Where it begins in the page's text.
        widest: Of a false blank, in heights of a letter; 0 where there are none, see `widest_false`.
    """
    if not widest:
        return row
    false = [
        match.start()
        for match in _BLANK.finditer(row)
        if _is_seen(text_page, place := _place(text_page, position + match.start()))
        and 0 <= _width(text_page, place) < widest
    ]
    for blank in reversed(false):
        row = row[:blank] + row[blank + 1 :]
    return row


def widest_false(text_page: raw.FPDF_TEXTPAGE, text: str) -> float:
    """Return below which width a blank that pdfium saw is none; 0 where the page has none, or does not tell."""
    positions = [match.start() for match in _BLANK.finditer(text)]
    # Nearly all pages have blanks of one kind only, as a few of them show.
    kinds = {_is_seen(text_page, _place(text_page, position)) for position in _some(positions, GLANCES)}
    if len(kinds) < 2:
        return 0.0
    looked_at = [_place(text_page, position) for position in _some(positions, LOOKS)]
    seen = [place for place in looked_at if _is_seen(text_page, place)]
    if len(seen) < SEEN_SHARE_MIN * len(looked_at):
        return 0.0
    written = sorted(set(looked_at).difference(seen))
    if len(written) * len(positions) < WRITTEN_MIN * len(looked_at):
        return 0.0
    widest = NARROW * statistics.median(_width(text_page, place) for place in _some(written, GLANCES))
    return widest if any(0 <= _width(text_page, place) < widest for place in seen) else 0.0


def _some(places: Sequence[int], count: int) -> Sequence[int]:
    """Return at most so many, evenly over the page."""
    return places[:: len(places) // count + 1]


def _place(text_page: raw.FPDF_TEXTPAGE, position: int) -> int:
    return int(raw.FPDFText_GetCharIndexFromTextIndex(text_page, position))


def _is_seen(text_page: raw.FPDF_TEXTPAGE, place: int) -> bool:
    """Whether pdfium put a character there, rather than the file."""
    return bool(raw.FPDFText_IsGenerated(text_page, place) == 1)


def _width(text_page: raw.FPDF_TEXTPAGE, place: int) -> float:
    """Return how far apart the characters around a blank stand, in heights of the first; -1 where not in a row."""
    one, other = raw.FS_RECTF(), raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text_page, place - 1, ctypes.byref(one))
    raw.FPDFText_GetLooseCharBox(text_page, place + 1, ctypes.byref(other))
    height = float(one.top - one.bottom)
    if height <= 0 or min(one.top, other.top) - max(one.bottom, other.bottom) < height / 2:
        return -1.0
    return float(other.left - one.right) / height
