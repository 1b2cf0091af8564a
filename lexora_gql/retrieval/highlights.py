"""Where words of a query stand in a passage."""

import re
import unicodedata
from functools import lru_cache

from lexora_gql.ports.text_extractor import Span

WORD = re.compile(r"\w+")
SPACELESS = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
HIGHLIGHTS_MAX = 200
# Shorter words say little, except where a character is a word.
WORD_CHARACTERS_MIN = 3
STEM_CHARACTERS = 5
STEM_CHARACTERS_MIN = 4
ENDINGS = ("ing", "es", "ed", "s", "e")


def highlights(text: str, query: str) -> tuple[Span, ...]:
    """Return the stretches of a text whose words are those of a query, in order, not overlapping.

    A word matches by its first five characters without a common ending, so that inflected forms are found; scripts
    without spaces match by pairs of characters. At most 200 stretches are returned.
    """
    wanted = {_key(match.group()) for match in WORD.finditer(query) if _says_something(match.group())}
    spans = [Span(*match.span()) for match in WORD.finditer(text) if _key(match.group()) in wanted]
    pairs = {
        query[at : at + 2]
        for at in range(len(query) - 1)
        if SPACELESS.match(query[at]) and SPACELESS.match(query[at + 1])
    }
    places = [at for at in range(len(text) - 1) if text[at : at + 2] in pairs] if pairs else []
    return tuple(_merged(sorted([*spans, *(Span(at, at + 2) for at in places)], key=lambda span: span.start)))


def _says_something(word: str) -> bool:
    return (len(word) >= WORD_CHARACTERS_MIN or word.isnumeric()) and not SPACELESS.match(word)


# Passages found together share most of their words, and folding one costs more than all else done with it.
@lru_cache(maxsize=4_096)
def _key(word: str) -> str:
    folded = unicodedata.normalize("NFKC", word).casefold()
    if any(c.isdigit() for c in folded):
        return folded
    stems = (folded.removesuffix(ending) for ending in ENDINGS if folded.endswith(ending))
    return next((stem for stem in stems if len(stem) >= STEM_CHARACTERS_MIN), folded)[:STEM_CHARACTERS]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        elif len(merged) < HIGHLIGHTS_MAX:
            merged.append(span)
    return merged
