"""From the lines of a page to its text, with an empty line where the layout parts paragraphs."""

import re
import statistics
from itertools import pairwise

from lexora_gql.adapters.extraction.pdf_lines import Page

# How much further than usual the next line must stand to begin a paragraph; line spacing varies by a few percent.
PARAGRAPH_GAP = 1.2
CLEAR_GAP = 1.6
# Lines of one paragraph stand no further apart than this many times their letters' height.
LOOSEST_LINES = 1.6
SAME_LINE = 0.3
_CONTINUES = re.compile(r"[\w,;-]\s*\Z")


def lay_out(page: Page) -> str:
    """Return a page's text."""
    lines = [line.text for line in page.lines]
    gaps = [above.y - below.y for above, below in pairwise(page.lines)]
    downward = [gap for gap in gaps if gap > 0]
    if not downward:
        return "\n".join(lines)
    # On a page of few lines the usual distance may be that of paragraphs.
    pitch = min(statistics.median_low(downward), LOOSEST_LINES * page.letter_height)
    pieces = lines[:1]
    for place, gap in enumerate(gaps):
        around = min((near for near in gaps[max(0, place - 1) : place + 2] if near > SAME_LINE * pitch), default=pitch)
        pieces.append("\n\n" if _parts(gap, pitch, around, lines[place], lines[place + 1]) else "\n")
        pieces.append(lines[place + 1])
    return "".join(pieces)


def _parts(gap: float, pitch: float, around: float, line: str, following: str) -> bool:
    """Whether a paragraph ends between two lines.

    Args:
        gap: How much lower the second line stands; negative where a column begins.
        pitch: The page's usual distance between lines.
        around: The smallest distance nearby: wide and even spacing is not a row of paragraphs.
        line: The first line.
        following: The second line.
    """
    if gap < -SAME_LINE * pitch:
        return not (_CONTINUES.search(line) and following[0].islower())
    return gap > CLEAR_GAP * pitch or gap > PARAGRAPH_GAP * max(pitch, around)
