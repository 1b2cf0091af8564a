"""What a marker looks like.

What counts as a marker: brackets (`[]`, `【】`, `［］`, `〔〕`, doubled or escaped too) that hold nothing but digits of
any script, commas, dashes and blanks, with or without a caret in front. So a year in brackets, `[2022]`, is a marker,
and goes unless there is a source 2022; `[1a]`, `[p. 3]` and `[x]` are text. Groups come out as `[1][2]`; of a range
with an end that no source has, only the other end stays. Three things look alike:

- An index in code stays as it is: between backticks, with the bracket right behind a name, as in `a[10]`.
- A link is a marker whose address goes: what a model writes into `[1](https://…)` is made up.
- A footnote's definition is a marker whose colon goes, else Markdown would make every `[1]` a link.
"""

import re

GROUP_CHARACTERS_MAX = 24
BLANKS_MAX = 4
NUMBER_DIGITS_MAX = 6
LINK_STARTS = ("(http://", "(https://", "(#", "(/", "(./", "(www.", "(mailto:", "(<")
LINK_CHARACTERS_MAX = 2_000
TAIL_CHARACTERS_MAX = BLANKS_MAX + GROUP_CHARACTERS_MAX

OPENING = "[【［〔"
CLOSING = "]】］〕"
BLANK = " \t\u00a0\u3000"
COMMAS = ",，、;；،"
DASHES = "-‐‑‒–—−－~～"
# Whatever cannot be seen may not hide an invented marker either; a backslash escapes the closing bracket.
UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\\"
WITHIN = frozenset(BLANK + COMMAS + DASHES + UNSEEN)
NO_BLANK_BEFORE = frozenset(".,;:!?)%。，、；：！？）」』؟،؛\n\r")

_RANGE = re.compile(rf"(\d+)(?:[{BLANK}]*[{re.escape(DASHES)}][{BLANK}]*(\d+))?")
_BETWEEN = rf"{BLANK}{COMMAS}{re.escape(DASHES)}"
# Every repetition is bounded, so that no text takes more than linear time.
MARKER_SHAPE = re.compile(
    rf"[{BLANK}\n]{{0,4}}[{re.escape(OPENING)}]\^?[{_BETWEEN}]{{0,4}}\d[\d{_BETWEEN}]{{0,80}}[{re.escape(CLOSING)}]"
)
"""A marker or group in a finished text, with the blanks before it."""


class OpenBracket:
    """Knows whether the text shown ends in what would be a marker with its bracket closed.

    Where a marker was taken out of another one's middle, such as out of `[9[99]9]`, the rest may not be one.
    """

    def __init__(self) -> None:
        self._is_open = False
        self.is_marker_but_for_its_end = False

    def see(self, character: str) -> None:
        """Take note of the next character."""
        if character in OPENING:
            self._is_open, self.is_marker_but_for_its_end = True, False
        elif self._is_open and character.isdecimal():
            self.is_marker_but_for_its_end = True
        elif character not in WITHIN and character != "^":
            self.forget()

    def forget(self) -> None:
        """Take note that no bracket is open."""
        self._is_open = self.is_marker_but_for_its_end = False


class CodeSpans:
    """Knows whether a place in Markdown is between backticks; in one line, or in a fence of three or more."""

    def __init__(self) -> None:
        self._opening_ticks = 0
        self._ticks = 0

    @property
    def is_inside(self) -> bool:
        """Whether the text seen so far ends in code."""
        return self._opening_ticks > 0

    def see(self, character: str) -> None:
        """Take note of the next character."""
        if character == "`":
            self._ticks += 1
            return
        if self._ticks:
            if not self._opening_ticks:
                self._opening_ticks = self._ticks
            elif self._ticks == self._opening_ticks:
                self._opening_ticks = 0
            self._ticks = 0
        if character == "\n" and self._opening_ticks < 3:
            self._opening_ticks = 0


def has_digit(text: str) -> bool:
    """Return whether a text holds a digit of any script."""
    return any(map(str.isdecimal, text))


def without_opening(held: str) -> tuple[str, str]:
    """Part the opening of a group, backslashes included, from what it holds so far."""
    inner = held.lstrip(OPENING + "\\")
    return held[: len(held) - len(inner)], inner


def numbers_of(inner: str, valid: frozenset[int]) -> list[int]:
    """Return the numbers of sources that a group names, in its order, each once."""
    found: dict[int, None] = {}
    visible = "".join(character for character in inner if character not in UNSEEN)
    for match in _RANGE.finditer(visible):
        ends = [int(digits) for digits in match.groups() if digits and len(digits) <= NUMBER_DIGITS_MAX]
        known = [end for end in ends if end in valid]
        if len(known) == 2 and known[0] < known[1]:
            known = [number for number in range(known[0], known[1] + 1) if number in valid]
        found.update(dict.fromkeys(known))
    return list(found)
