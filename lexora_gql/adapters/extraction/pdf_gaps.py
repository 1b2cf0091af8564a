"""Words that pdfium runs together, mended by where their letters stand.

pdfium says that there is a blank where the gap between two pieces of text is wide for the letters beside it. Some
programs place each word by itself and set them closer than that: "that infrastructure" comes as one word.
"""

import ctypes
import math
import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from pypdfium2 import raw

# Blanks are a quarter of the letters' height as a rule; between words run together 0.045 and more was measured, and
# nothing but blanks is that wide between letters. Signs, as in formulas, stand more freely.
GAP = 0.045
GAP_AT_SIGNS = 0.1
# Pieces of text for each line of a page, from which on they are words rather than lines.
PIECES_A_LINE = 1.5
WORDS_KNOWN_MAX = 100_000
# What leads the eye from a title to its page, a hundred dots at a time.
LEADER = "...."
CLOSING = ".,:;!?%)]}\u2019\u201d\u2026-"
# Two words of two letters are the shortest that are worth a look.
SHORTEST = 4
_WORD = re.compile(rf"\S{{{SHORTEST},200}}")
# These are written without blanks, and set apart as the line needs it.
_NO_BLANKS = re.compile("[\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


@dataclass(slots=True)
class Mender:
    """Inserts blanks, for the pages of one document.

    Attributes:
        whole: Words that were found to be one piece of text somewhere, and need no second look.
    """

    whole: set[str] = field(default_factory=set)

    def may_have_gaps(self, text_page: raw.FPDF_TEXTPAGE, lines: int) -> bool:
        """Whether a page is drawn in more pieces than lines."""
        return bool(raw.FPDFText_CountRects(text_page, 0, -1) > PIECES_A_LINE * lines)

    def mend(self, text_page: raw.FPDF_TEXTPAGE, line: str, position: int) -> str:
        """Return a line with blanks where its words stand apart.

        Args:
            text_page: The page's text.
            line: One of its lines.
            position: Where the line begins in the page's text.
        """
        words = line.split()
        if self.whole.issuperset(words):
            return line
        cuts = [cut for word in _WORD.finditer(line) for cut in self._cuts(text_page, word, position)]
        self._learn(word for word in words if len(word) < SHORTEST)
        for cut in reversed(cuts):
            line = f"{line[:cut]} {line[cut:]}"
        return line

    def _cuts(self, text_page: raw.FPDF_TEXTPAGE, word: re.Match[str], position: int) -> list[int]:
        letters = word[0].partition(LEADER)[0]
        if letters in self.whole:
            return []
        place = raw.FPDFText_GetCharIndexFromTextIndex(text_page, position + word.start())
        # It counts the pieces of text that the characters belong to.
        if place >= 0 and raw.FPDFText_CountRects(text_page, place, len(letters)) > 1:
            return [word.start() + cut for cut in _gaps(text_page, place, letters)]
        # With its leader too: a line of known words is not looked at again.
        self._learn((letters, word[0]))
        return []

    def _learn(self, words: Iterable[str]) -> None:
        if len(self.whole) < WORDS_KNOWN_MAX:
            self.whole.update(words)


def _gaps(text_page: raw.FPDF_TEXTPAGE, place: int, word: str) -> list[int]:
    """Return before which letters of a word there is a gap that the others have not."""
    if _NO_BLANKS.search(word):
        return []
    boxes = [_box(text_page, place + offset) for offset in range(len(word))]
    gaps = [_gap(*pair) for pair in pairwise(boxes)]
    # In a word that is set wide, all letters stand apart.
    usual = max(0.0, statistics.median_high(gaps))
    return [cut for cut, gap in enumerate(gaps, 1) if gap - usual >= _enough(word[cut - 1], word[cut])]


def _enough(before: str, after: str) -> float:
    if before.isalnum() and after.isalnum():
        return GAP
    return math.inf if after in CLOSING else GAP_AT_SIGNS


def _box(text_page: raw.FPDF_TEXTPAGE, place: int) -> tuple[float, float, float, float]:
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text_page, place, ctypes.byref(box))
    return box.left, box.right, box.bottom, box.top


def _gap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Return how far apart two characters stand, in heights of the first; 0 where they are not on one line."""
    height = one[3] - one[2]
    if height <= 0 or min(one[3], other[3]) - max(one[2], other[2]) < height / 2:
        return 0.0
    return (other[0] - one[1]) / height
