"""Finding the words of one text in another: to the letter, or but for white space, hyphens, quotes and case."""

import re
import unicodedata
from functools import lru_cache

from lexora_gql.conversations.citations.marker_shapes import MARKER_SHAPE
from lexora_gql.ports.text_extractor import Span

HYPHENS = frozenset("-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63")
QUOTES = frozenset("\"'`´‘’‚‛“”„‟«»‹›「」『』〈〉《》＂＇")
UNSEEN = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ARABIC_ALIKE = str.maketrans({"ى": "ي", "ة": "ه", "ـ": None})
# Scripts that put no blank between words: any place in them may begin or end a word.
UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_UNSPACED = re.compile(UNSPACED)
# Plain letters, the most of most texts, go as they are.
_PIECE = re.compile(rf"(?P<letters>[A-Za-z]+)|(?P<marker>{MARKER_SHAPE.pattern})|.", re.DOTALL)


def is_unspaced(character: str) -> bool:
    """Return whether a character is of a script that is written without blanks between words."""
    return _UNSPACED.match(character) is not None


def folded(text: str) -> str:
    """Return a text in lower case, compatible forms and accents made alike, digits of every script as 0 to 9."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    if decomposed.isascii():
        return decomposed
    plain = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in decomposed
        if not unicodedata.combining(character)
    )
    return plain.translate(_ARABIC_ALIKE)


class Folded:
    """A text made comparable, each of its characters traced back to where it came from.

    The bracketed numbers of a paper's own references are no words, and an answer cannot repeat them, since they would
    be markers there: they are left out on both sides.
    """

    def __init__(self, original: str, text: str, origins: list[int]) -> None:
        self.original = original
        self.text = text
        self._origins = origins

    def find(self, wanted: str) -> Span | None:
        """Return where a folded text stands in the original as whole words and numbers; None where it does not."""
        at = self.text.find(wanted) if wanted else -1
        while at >= 0:
            span = Span(self._origins[at], self._origins[at + len(wanted) - 1] + 1)
            if not _cuts(self.original, span.start) and not _cuts(self.original, span.end):
                return span
            at = self.text.find(wanted, at + 1)
        return None


def fold_blanks(text: str) -> Folded:
    """Make runs of white space one blank: what is equal then is the same words to the letter."""
    pieces: list[str] = []
    origins: list[int] = []
    position = 0
    for match in re.finditer(rf"{MARKER_SHAPE.pattern}|\s+", text):
        _append(pieces, origins, text[position : match.start()], position)
        if match[0].isspace():
            _append(pieces, origins, " ", match.start())
        position = match.end()
    _append(pieces, origins, text[position:], position)
    return Folded(text, "".join(pieces), origins)


def _append(pieces: list[str], origins: list[int], piece: str, start: int) -> None:
    pieces.append(piece)
    origins.extend(range(start, start + len(piece)))


def fold_wording(text: str) -> Folded:
    """Leave out white space, hyphens and quotes, and make letters and digits alike (NFKD, case).

    What tells two numbers apart stays: a minus, the dash of a range, the blank between two numbers.
    """
    pieces: list[str] = []
    origins: list[int] = []
    before, gap = "", ""
    for match in _PIECE.finditer(text):
        piece, place = match[0], match.start()
        if match["letters"]:
            _append(pieces, origins, piece.lower(), place)
            gap, before = "", "a"
        elif match["marker"] or piece in QUOTES or piece in UNSEEN:
            pass
        elif piece.isspace() or piece in HYPHENS:
            gap = f"{gap}{piece}"[-3:]
        else:
            kept = _kept_gap(before, gap) if piece.isdecimal() else ""
            folded_piece = kept + _fold(piece)
            pieces.append(folded_piece)
            origins.extend([place - len(kept)] * len(kept) + [place] * (len(folded_piece) - len(kept)))
            gap, before = "", piece
    return Folded(text, "".join(pieces), origins)


def _kept_gap(before: str, gap: str) -> str:
    """Return what of the characters between a character and a digit means something."""
    has_hyphen = any(character in HYPHENS for character in gap)
    if before.isdecimal():
        return "-" if has_hyphen else gap[:1] and " "
    return "-" if has_hyphen and gap[-1] in HYPHENS and (len(gap) > 1 or not before) else ""


@lru_cache(maxsize=8_192)
def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", character).casefold()
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return "".join(part for part in folded if not part.isspace())


def _cuts(text: str, place: int) -> bool:
    """Return whether a place parts a word or a number."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if before.isalnum() and after.isalnum():
        return not (is_unspaced(before) or is_unspaced(after)) or (before.isdecimal() and after.isdecimal())
    if after.isdecimal() and before in ".,-−":
        earlier = text[place - 2 : place - 1]
        return earlier.isdecimal() if before in ".," else not earlier.isalnum()
    if before.isdecimal() and after in ".,":
        return text[place + 1 : place + 2].isdecimal()
    return before.isdecimal() and after in "%٪％"
