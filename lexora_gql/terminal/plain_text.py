"""Text from documents and servers, made safe for a terminal.

What stands in a document may hold escape sequences, which a terminal obeys: it could repaint what was said before,
or hide where a sentence comes from.
"""

import re

# C0 and C1 without tab and newline, and what turns the direction of writing for the rest of the line.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return a text without control characters; tabs and line ends stay."""
    return CONTROLS.sub("", text)


def one_line(text: str, *, characters_max: int | None = None) -> str:
    """Return a text on one line, cut at a word where it is longer than allowed."""
    line = " ".join(printable(text.replace("\r", " ")).split())
    if characters_max is None or len(line) <= characters_max:
        return line
    cut = line[: characters_max - 1]
    head, _, _ = cut.rpartition(" ")
    # Scripts without spaces are cut where they are.
    return (head if len(head) > characters_max // 2 else cut).rstrip(",;:") + "…"


def file_size(size_bytes: int) -> str:
    """Return a size as people read it."""
    for unit, scale in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if size_bytes >= scale:
            return f"{size_bytes / scale:.1f} {unit}"
    return f"{size_bytes} bytes"
