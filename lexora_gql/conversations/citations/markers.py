"""Markers such as `[1]` in a model's text: those of real sources pass on, invented ones never reach the reader.

`marker_shapes` says what counts as one.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from lexora_gql.conversations.citations.marker_shapes import (
    BLANK,
    BLANKS_MAX,
    CLOSING,
    GROUP_CHARACTERS_MAX,
    LINK_CHARACTERS_MAX,
    LINK_STARTS,
    NO_BLANK_BEFORE,
    NUMBER_DIGITS_MAX,
    OPENING,
    UNSEEN,
    WITHIN,
    CodeSpans,
    OpenBracket,
    has_digit,
    numbers_of,
    without_opening,
)


@dataclass(frozen=True, slots=True)
class MarkerSpan:
    """A marker and its place in the text that is shown: `content[start:end] == f"[{marker}]"`, in code points."""

    marker: int
    start: int
    end: int


def without_markers(text: str) -> str:
    """Return a text without any marker, for a reader who has no such sources."""
    markers = MarkerFilter(())
    return markers.feed(text) + markers.flush()


class MarkerFilter:
    """Takes a model's text piece by piece and gives what may be shown; how it was cut makes no difference.

    It goes character by character for just that reason, and holds back `TAIL_CHARACTERS_MAX` at most.
    Its state is the method that takes the next character.

    Args:
        valid: Numbers of the sources that there are.
    """

    def __init__(self, valid: Collection[int]) -> None:
        self._valid = frozenset(valid)
        self._spans: list[MarkerSpan] = []
        self._out: list[str] = []
        self._length = 0
        self._last = "\n"
        self._code = CodeSpans()
        self._open_bracket = OpenBracket()
        self._step: Callable[[str], None] = self._in_text
        self._blanks = ""
        self._held = ""
        self._link_depth = 0
        self._link_characters = 0
        self._shown_here: set[int] = set()
        self._has_outer_bracket = False
        self._is_after_marker = False
        self._is_after_removed = False
        self._is_at_line_start = False

    @property
    def spans(self) -> tuple[MarkerSpan, ...]:
        """The markers that passed so far, by place."""
        return tuple(self._spans)

    @property
    def held_characters(self) -> int:
        """How many characters are held back at present."""
        return len(self._blanks) + len(self._held)

    def feed(self, piece: str) -> str:
        """Return what may be shown now that this piece has come."""
        for character in piece:
            self._step(character)
        return self._take()

    def flush(self) -> str:
        """Return the rest once the text has ended; the beginning of a marker that never ended goes."""
        if self._step == self._in_link_start or (self._step == self._in_group and not has_digit(self._held)):
            self._give_up_held()
        if not self._is_after_removed and self._step == self._in_text:
            self._emit(self._blanks)
        self._blanks = self._held = ""
        self._step = self._in_text
        return self._take()

    def _take(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def _emit(self, text: str) -> None:
        for character in text:
            self._code.see(character)
            self._open_bracket.see(character)
            self._last = character
        self._out.append(text)
        self._length += len(text)

    def _emit_text(self, text: str) -> None:
        if not (self._is_after_removed and text[0] in NO_BLANK_BEFORE):
            self._emit(self._blanks)
        self._blanks = ""
        self._is_after_removed = False
        self._shown_here.clear()
        self._emit(text)

    def _in_text(self, character: str) -> None:
        after_marker, self._is_after_marker = self._is_after_marker, False
        if after_marker and character == "(":
            self._held, self._step = character, self._in_link_start
        elif after_marker and character == ":" and self._is_at_line_start:
            pass
        elif character == "\\" or (character in OPENING and not self._is_index()):
            self._held, self._step = character, self._in_group
        elif character in CLOSING and self._has_outer_bracket:
            self._has_outer_bracket, self._is_after_marker = False, after_marker
        elif character in CLOSING and self._open_bracket.is_marker_but_for_its_end:
            self._open_bracket.forget()
        elif character in BLANK:
            self._hold_blank(character)
        else:
            self._has_outer_bracket = self._has_outer_bracket and character != "\n"
            self._emit_text(character)
            if character in OPENING:
                self._open_bracket.forget()

    def _hold_blank(self, character: str) -> None:
        if self._is_after_removed and (self._blanks or self._last == "\n"):
            return  # where a marker was, one blank is enough, and none begins a line
        if len(self._blanks) == BLANKS_MAX:
            self._emit(self._blanks[0])
            self._blanks = self._blanks[1:]
        self._blanks += character

    def _is_index(self) -> bool:
        is_behind_marker = bool(self._spans) and self._spans[-1].end == self._length
        is_behind_name = not self._blanks and (self._last.isalnum() or self._last in "_)]")
        return is_behind_name and not is_behind_marker and self._code.is_inside

    def _in_group(self, character: str) -> None:
        """Take a character after an opening bracket, or after the backslash before one."""
        opening, inner = without_opening(self._held)
        if not opening.strip("\\"):
            is_marker_possible = character in OPENING
        elif character in OPENING:
            is_marker_possible = not inner and len(opening.strip("\\")) == 1
        elif character == "^":
            is_marker_possible = not inner
        elif character in CLOSING:
            is_marker_possible = has_digit(inner)
        else:
            is_marker_possible = character.isdecimal() or character in WITHIN
        if not is_marker_possible:
            self._give_up_held(character)
        elif character in CLOSING:
            self._end_group(opening, inner)
        else:
            self._held += character
            if len(self._held) > GROUP_CHARACTERS_MAX - 1:
                self._shorten(opening, inner + character)

    def _give_up_held(self, then: str = "") -> None:
        """Show what was held back as the text that it turned out to be, and go on with the next character."""
        text, self._held = self._held, ""
        is_link, self._step = self._step == self._in_link_start, self._in_text
        if not is_link:
            self._emit_text(text)
            text = ""
        elif self._spans and self._spans[-1].end == self._length:
            self._blanks = " "  # a marker with a parenthesis right behind it would be a link in Markdown
        for character in text + then:
            self._step(character)

    def _end_group(self, opening: str, inner: str) -> None:
        self._has_outer_bracket = self._has_outer_bracket or len(opening.strip("\\")) == 2
        self._held, self._step = "", self._in_text
        self._show(numbers_of(inner, self._valid))

    def _shorten(self, opening: str, inner: str) -> None:
        """Begin to show a long group: with nothing but numbers so far, it will not turn out to be text."""
        if not has_digit(inner):
            self._give_up_held()
            return
        self._has_outer_bracket = self._has_outer_bracket or len(opening.strip("\\")) == 2
        self._held, self._step = "", self._in_long_group
        for character in inner:
            self._step(character)

    def _in_long_group(self, character: str) -> None:
        """Take a character of a group too long to hold back; of its ranges only the ends are shown."""
        if character.isdecimal():
            self._held = (self._held + character)[: NUMBER_DIGITS_MAX + 1]
            return
        if character not in UNSEEN:
            number, self._held = self._held, ""
            self._show(numbers_of(number, self._valid))
        if character in CLOSING:
            self._step = self._in_text
        elif character not in WITHIN and character != "^":
            self._step = self._in_text
            self._step(character)

    def _show(self, numbers: list[int]) -> None:
        """Show the markers of one group that are not there yet, or note that one was removed."""
        new = [number for number in numbers if number not in self._shown_here]
        if not self._is_after_removed and not self._shown_here:
            self._is_at_line_start = self._last == "\n"
        self._is_after_removed = not (new or (self._shown_here and not self._blanks))
        self._is_after_marker = True
        if not new:
            return
        self._emit(self._blanks)
        self._blanks = ""
        for number in new:
            marker = f"[{number}]"
            self._spans.append(MarkerSpan(number, self._length, self._length + len(marker)))
            self._emit(marker)
        self._shown_here.update(new)

    def _in_link_start(self, character: str) -> None:
        self._held += character
        start = self._held.lower()
        if start in LINK_STARTS:
            self._held, self._step = "", self._in_link
            self._link_depth, self._link_characters = 1, 0
        elif not any(known.startswith(start) for known in LINK_STARTS):
            self._held = self._held[:-1]
            self._give_up_held(character)

    def _in_link(self, character: str) -> None:
        self._link_depth += (character == "(") - (character == ")")
        self._link_characters += 1
        if self._link_depth == 0:
            self._step = self._in_text
        elif character.isspace() or self._link_characters > LINK_CHARACTERS_MAX:
            self._step = self._in_text
            self._step(character)
