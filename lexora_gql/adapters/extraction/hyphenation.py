"""Joining words that a line end had parted."""

import re

MARK = "\ufffe"
# Bounded, or a page of letters without end would be searched once from each of them.
_PARTED = re.compile(rf"([^\W\d_]{{1,60}}){MARK}([^\W\d_]{{1,60}})")


def join_hyphenated(pages: list[str]) -> list[str]:
    """Return pages of which every hyphen at a line end (U+FFFE) is gone, or is a hyphen where one belongs.

    A hyphen stays between other characters than letters ("2019-2020"), and where the document writes the word with one
    elsewhere ("community-based") but nowhere without.
    """
    if not any(MARK in page for page in pages):
        return pages
    # Bare words, and those before a comma or full stop: enough of a document to see how it writes a word.
    written = {word.rstrip(",.") for word in " ".join(pages).lower().split()}

    def joined(match: re.Match[str]) -> str:
        with_hyphen, without = f"{match[1]}-{match[2]}", match[1] + match[2]
        is_compound = with_hyphen.lower() in written and without.lower() not in written
        return with_hyphen if is_compound else without

    return [_PARTED.sub(joined, page).replace(MARK, "-") if MARK in page else page for page in pages]
