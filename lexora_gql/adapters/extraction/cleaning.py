"""Making text storable: no control characters, no half characters, one kind of line end."""

import re

from lexora_gql.adapters.extraction.limits import TITLE_CHARACTERS_MAX

# C0 but tab and newline, DEL, C1, the noncharacters, the byte order mark, and surrogates standing alone.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
_BLANK_LINES = re.compile(r"\n\s*\n")
# Anything but white space and what rules, tables and empty lists are drawn with.
_READABLE = re.compile(r"[^\s|\-#*_>`~+=.:]")
_SPACES = re.compile(r"\s+")
_OTHER_LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")


def unify_line_ends(text: str) -> str:
    """Return the text with every line end as a newline."""
    return _OTHER_LINE_ENDS.sub("\n", text)


def strip_control_characters(text: str) -> str:
    """Return the text without what PostgreSQL cannot store or no reader can see."""
    return _UNWANTED.sub("", text)


def clean_text(text: str) -> str:
    """Return the text with newlines only for line ends, and without control characters."""
    return strip_control_characters(unify_line_ends(text))


def squeeze_blank_lines(text: str) -> str:
    """Return the text with exactly one empty line between paragraphs and none around it."""
    return _BLANK_LINES.sub("\n\n", text.strip())


def one_line(text: str) -> str:
    """Return a title on one line, cut to a sensible length; empty when there is none."""
    line = _SPACES.sub(" ", clean_text(text[: TITLE_CHARACTERS_MAX * 4])).strip()
    return line[:TITLE_CHARACTERS_MAX].rstrip()


def has_text(text: str) -> bool:
    """Whether a text holds at least one letter, digit or other sign that can be read."""
    return _READABLE.search(text) is not None
