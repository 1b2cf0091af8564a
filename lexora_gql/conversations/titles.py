"""Titles of conversations."""

import re
import unicodedata

TITLE_CHARACTERS = 80
# Where a title may be cut in scripts that write no blanks between words.
_PAUSE = re.compile("[。！？；，、：…।॥၊။።፣]")
_JOINER = "\u200d"


def title_of(question: str) -> str:
    """Return a conversation's title, 1 to 80 characters: its first question, on one line, cut between words.

    Where a script has no blanks it is cut at a pause, or at least not within what is seen as one character.
    """
    line = " ".join("".join(one if one.isprintable() or one == _JOINER else " " for one in question).split())
    if len(line) <= TITLE_CHARACTERS:
        return line or question[:TITLE_CHARACTERS]
    cut = TITLE_CHARACTERS - 1
    while cut > 1 and _is_within(line, cut):
        cut -= 1
    return f"{_whole(line, cut).rstrip()}…"


def _whole(line: str, cut: int) -> str:
    """Return the beginning that ends with a word, where that leaves half of it or more."""
    if line[cut] == " ":
        return line[:cut]
    head, blank, _ = line[:cut].rpartition(" ")
    if blank and len(head) > cut // 2:
        return head
    pauses = [match.end() for match in _PAUSE.finditer(line, 0, cut)]
    return line[: pauses[-1] - 1] if pauses and pauses[-1] > cut // 2 else line[:cut]


def _is_within(line: str, place: int) -> bool:
    """Whether a place has an accent, a joiner or what they join on its right or left."""
    return (
        unicodedata.combining(line[place]) > 0
        or unicodedata.category(line[place]) in {"Mn", "Mc", "Me", "Sk"}
        or (_JOINER in line[place - 1 : place + 1] or "\ufe00" <= line[place] <= "\ufe0f")
    )
