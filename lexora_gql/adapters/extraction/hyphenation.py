"""Joining words that a line end had parted."""

import re

MARK = "\ufffe"
# Bounded, or a page of letters without end would be searched once from each of them.
_PARTED = re.compile(rf"([^\W\d_]{{1,60}}){MARK}\n?([^\W\d_]{{1,60}})")
_MARK = re.compile(rf"{MARK}\n?")
# A hyphen (also the soft one, and the one that is nothing else) at the end of a line, and a small letter on the next.
_AT_LINE_END = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]\n(?=[^\W\d_])")
# What stands for the rest of a word that follows: "Haupt- und Nebensatz", "short- and long-term".
_ELLIPSES = {"und", "oder", "bzw", "sowie", "and", "or", "och", "eller"}


def mark_hyphens(page: str) -> str:
    """Return a page with U+FFFE for each hyphen that parts a word at a line end; pdfium has marked most of them."""
    return _AT_LINE_END.sub(lambda match: MARK if page[match.end()].islower() else match[0], page)


def join_hyphenated(pages: list[str]) -> list[str]:
    """Return pages of which every hyphen at a line end (U+FFFE) is gone, or is a hyphen where one belongs.

    A hyphen stays between other characters than letters ("2019-2020"), where the document writes the word with one
    elsewhere ("community-based") but nowhere without, and before a capital letter unless all are capital.
    """
    if not any(MARK in page for page in pages):
        return pages
    # Bare words, and those before a comma or full stop: enough of a document to see how it writes a word.
    written = {word.rstrip(",.") for word in " ".join(pages).lower().split()}

    def joined(match: re.Match[str]) -> str:
        with_hyphen, without = f"{match[1]}-{match[2]}", match[1] + match[2]
        if without.lower() in written:
            return without
        if match[2] in _ELLIPSES:
            return f"{match[1]}- {match[2]}"
        is_name = match[2][0].isupper() and not match[1].isupper()
        return with_hyphen if is_name or with_hyphen.lower() in written else without

    return [_MARK.sub("-", _PARTED.sub(joined, page)) if MARK in page else page for page in pages]
