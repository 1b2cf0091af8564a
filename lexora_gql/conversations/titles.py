"""Titles of conversations."""

TITLE_CHARACTERS = 80


def title_of(question: str) -> str:
    """Return a conversation's title: its first question, on one line, cut at a word."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    cut = line[: TITLE_CHARACTERS - 1]
    head, blank, _ = cut.rpartition(" ")
    return f"{head if blank and len(head) > TITLE_CHARACTERS // 2 else cut}…"
