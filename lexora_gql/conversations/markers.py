"""Markers such as `[1]` in a model's text: those of real sources pass on, invented ones never reach the reader.

What counts as a marker: brackets (`[]`, `【】`, `［］`, `〔〕`, doubled or escaped too) that hold nothing but digits of
any script, commas, dashes and blanks, with or without a caret in front. So a year in brackets, `[2022]`, is a marker,
and goes unless there is a source 2022; `[1a]`, `[p. 3]` and `[x]` are text. Groups come out as `[1][2]`; of a range
with an end that no source has, only the other end stays. Three things that look alike:

- An index in code stays as it is: between backticks, with the bracket right behind a name, as in `a[10]`.
- A link is a marker whose address goes: what a model writes into `[1](https://…)` is made up.
- A footnote's definition is a marker whose colon goes, else Markdown would make every `[1]` a link.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

GROUP_CHARACTERS_MAX = 24
BLANKS_MAX = 4
LINK_STARTS = ("(http://", "(https://", "(#", "(/", "(./", "(www.", "(mailto:", "(<")
LINK_CHARACTERS_MAX = 2_000
TAIL_CHARACTERS_MAX = BLANKS_MAX + GROUP_CHARACTERS_MAX + max(map(len, LINK_STARTS))
NUMBER_DIGITS_MAX = 6

OPENING = "[【［〔"
CLOSING = "]】］〕"
BLANK = " \t\u00a0\u3000"
COMMAS = ",，、;；،"
DASHES = "-‐‑‒–—−－~～"
# Whatever cannot be seen may not hide an invented marker either.
UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\\"
NO_BLANK_BEFORE = ".,;:!?)%。，、；：！？）」』؟،؛\n\r"

MARKER_SHAPE = re.compile(
    rf"[{BLANK}\n]*\\?[{re.escape(OPENING)}]\^?[\d{BLANK}{COMMAS}{re.escape(DASHES)}]*\d"
    rf"[\d{BLANK}{COMMAS}{re.escape(DASHES)}]*\\?[{re.escape(CLOSING)}]"
)
"""A finished marker or group in finished text, with the blanks before it."""


@dataclass(frozen=True, slots=True)
class MarkerSpan:
    """A marker and its place in the text that is shown: `content[start:end] == f"[{marker}]"`, in code points."""

    marker: int
    start: int
    end: int


def without_markers(text: str) -> str:
    """Return a text without any marker, for a reader who has no such sources."""
    markers = MarkerFilter(frozenset())
    return markers.feed(text) + markers.flush()


class MarkerFilter:
    """Takes a model's text piece by piece and gives what may be shown; how it was cut makes no difference.

    It works character by character for just that reason, and holds back at most `TAIL_CHARACTERS_MAX`.
    """

    def __init__(self, valid: Collection[int]) -> None:
        self._valid = frozenset(valid)
        self._spans: list[MarkerSpan] = []
        self._out: list[str] = []
        self._length = 0
        self._last = "\n"
        self._code = _CodeState()
        # Held back, in this order: blanks, then a group (its opening first) or the beginning of a link's address.
        self._blanks = ""
        self._group = ""
        self._link = ""
        self._is_long_group = False
        self._is_after_marker = False
        self._is_after_removed = False
        self._is_at_line_start = False
        self._link_characters_left = 0
        self._numbers_shown: set[int] = set()

    @property
    def spans(self) -> tuple[MarkerSpan, ...]:
        """The markers that passed so far, in the order of their places."""
        return tuple(self._spans)

    @property
    def held(self) -> int:
        """How many characters are held back at present."""
        return len(self._blanks) + len(self._group) + len(self._link)

    def feed(self, piece: str) -> str:
        """Return what may be shown now that this piece has come; often a little less or more than the piece."""
        for character in piece:
            self._step(character)
        return self._take()

    def flush(self) -> str:
        """Return the rest once the text has ended; the beginning of a marker that never ended goes."""
        if self._link:
            self._end_link_probe()
        if self._group and not any(map(str.isdecimal, self._group)):
            self._emit_group_as_text()
        if not self._is_after_removed:
            self._emit(self._blanks)
        self._blanks = self._group = ""
        self._is_long_group = False
        return self._take()

    def _take(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def _step(self, character: str) -> None:
        if self._link_characters_left:
            if self._in_link(character):
                return
        elif self._link:
            self._probe_link(character)
            return
        if self._group:
            self._in_group(character)
        else:
            self._in_text(character)

    def _in_text(self, character: str) -> None:
        if self._is_after_marker and self._follows_marker(character):
            return
        if character in OPENING or character == "\\":
            if character != "\\" and self._is_index():
                self._emit_text(character)
            else:
                self._group = character
        elif character in BLANK:
            self._hold_blank(character)
        else:
            self._emit_text(character)

    def _follows_marker(self, character: str) -> bool:
        """Deal with a link's address or a footnote's colon right behind a marker."""
        if character == "(":
            self._link = character
            return True
        self._is_after_marker = False
        return character == ":" and self._is_at_line_start

    def _hold_blank(self, character: str) -> None:
        if self._is_after_removed and (self._blanks or self._last == "\n"):
            return  # one blank, before or after, is enough where a marker was
        if len(self._blanks) == BLANKS_MAX:
            self._emit(self._blanks[0])
            self._blanks = self._blanks[1:]
        self._blanks += character

    def _emit_text(self, text: str) -> None:
        if not (self._is_after_removed and text[0] in NO_BLANK_BEFORE):
            self._emit(self._blanks)
        self._blanks = ""
        self._is_after_removed = self._is_after_marker = False
        self._numbers_shown.clear()
        self._emit(text)

    def _emit(self, text: str) -> None:
        for character in text:
            self._code.see(character)
            self._last = character
        self._out.append(text)
        self._length += len(text)

    def _is_index(self) -> bool:
        behind_name = self._last.isalnum() or self._last in "_)]"
        return not self._blanks and behind_name and self._code.is_inside and not self._is_after_marker

    def _in_group(self, character: str) -> None:
        inner = self._group.lstrip("\\" + OPENING)
        if not inner and character in OPENING and len(self._group) < 3:
            self._group += character
        elif character in CLOSING and self._group != "\\":
            self._close_group(character)
        elif self._belongs(character, inner) and self._group != "\\":
            self._group += character
            if len(self._group) == GROUP_CHARACTERS_MAX:
                self._shorten_group()
        elif self._is_long_group:
            self._end_group(whole=True)
            self._step(character)
        else:
            self._emit_group_as_text()
            self._step(character)

    @staticmethod
    def _belongs(character: str, inner: str) -> bool:
        if character == "^":
            return not inner
        return character.isdecimal() or character in BLANK or character in COMMAS + DASHES + UNSEEN

    def _close_group(self, character: str) -> None:
        if not any(map(str.isdecimal, self._group)) and not self._is_long_group:
            self._emit_group_as_text()
            self._emit_text(character)
        elif self._is_doubled() and not self._group.endswith(tuple(CLOSING)):
            self._group += character
        else:
            self._end_group(whole=True)

    def _is_doubled(self) -> bool:
        return sum(character in OPENING for character in self._group) == 2

    def _shorten_group(self) -> None:
        """Show what a long group holds so far: it has nothing but numbers, so it will not turn out to be text."""
        if not any(map(str.isdecimal, self._group)) and not self._is_long_group:
            self._emit_group_as_text()
            return
        self._end_group(whole=False)

    def _end_group(self, *, whole: bool) -> None:
        if self._is_doubled() and whole and not self._is_long_group and self._group[-1] not in CLOSING:
            pass
        inner = self._group.lstrip("\\" + OPENING)
        rest = ""
        if not whole:
            cut = max(map(inner.rfind, COMMAS))
            inner, rest = inner[: cut + 1], inner[cut + 1 :]
            # A number too long to be one is not kept either: only that it was there.
            rest = rest if len(rest) < GROUP_CHARACTERS_MAX // 2 else "0"
        self._is_long_group, self._group = not whole, "" if whole else "[" + rest
        self._show(inner)

    def _show(self, inner: str) -> None:
        numbers = [number for number in _numbers(inner, self._valid) if number not in self._numbers_shown]
        if not self._is_after_marker:
            self._is_at_line_start = self._last == "\n"
        if numbers:
            self._emit(self._blanks)
            self._blanks = ""
        for number in numbers:
            marker = f"[{number}]"
            self._spans.append(MarkerSpan(number, self._length, self._length + len(marker)))
            self._emit(marker)
        self._numbers_shown.update(numbers)
        self._is_after_removed = not numbers
        self._is_after_marker = True
