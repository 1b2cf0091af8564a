"""A page of a PDF as its lines."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, without white space around it.

    Attributes:
        text: Where a word was hyphenated at a line end, U+FFFE stands for the hyphen, and the next line follows.
        x: Where its first character begins, in points from the left.
        y: Where its first character stands, in points above the bottom.
        last: Which of the page's characters is its last.
    """

    text: str
    x: float
    y: float
    last: int = -1


@dataclass(frozen=True, slots=True)
class Page:
    """What is read of a page.

    Attributes:
        lines: In the order of the file.
        letter_height: Of the page's usual font, in points; infinite where it is not known.
        bottom: The page's lower edge, in points.
        top: The page's upper edge, in points.
    """

    lines: tuple[Line, ...]
    letter_height: float = math.inf
    bottom: float = 0.0
    top: float = 0.0

    def without(self, places: set[int]) -> "Page":
        """Return the page without some of its lines, which are named by their places in `lines`."""
        if not places:
            return self
        return replace(self, lines=tuple(line for place, line in enumerate(self.lines) if place not in places))
