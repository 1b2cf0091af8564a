"""Texts as words that can be compared over inflections and scripts."""

import re
from functools import lru_cache

from lexora_gql.conversations.citations.numerals import MONTHS, NUMBER_WORDS, UNITS
from lexora_gql.conversations.language.vocabulary import STOP_WORDS
from lexora_gql.conversations.language.wording import UNSPACED, folded, is_unspaced

TOKEN = re.compile(rf"\d+(?:[.,]\d+)*|{UNSPACED}|(?:(?!{UNSPACED})[^\W\d_]|['’](?=[^\W\d_]))+")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_RUN = re.compile(rf"[a-z0-9]+(?![^\W_])|{UNSPACED}+|(?:(?!{UNSPACED})[^\W_])+")
_ARABIC_PREFIX = re.compile("^[وفبلك]?(?:ال|لل)(?=.{3})|^[وف](?=.{4})")
_ARABIC_ENDING = re.compile("(?<=.{3})(?:ون|ين|ات|ان|ها|هم|يه|ه|ي|ا)$")
_ENDINGS = ("ungen", "ments", "ings", "ing", "ies", "ied", "ed", "es", "en", "er", "em", "ern", "s", "n", "e", "y")
_STEM_MIN = 4
_STEM_MAX = 5
_FUNCTION_CHARACTERS = frozenset("的了是在从自于和与等为及或对将而之也其该这那有都を、はがのにでとも")


def features(text: str) -> set[str]:
    """Return what a text is about: stems of its words; characters and pairs of them where words have no blanks.

    Numbers, units and months are no part of it: they are compared by their values.
    """
    found: set[str] = set()
    for run in _RUN.findall(folded(text).replace("'", "").replace("’", "")):
        found |= _features_of_run(run)
    return found


@lru_cache(maxsize=16_384)
def _features_of_run(run: str) -> frozenset[str]:
    if is_unspaced(run[0]):
        pairs = (run[place : place + 2] for place in range(len(run) - 1))
        return frozenset((*pairs, *(set(run) - _FUNCTION_CHARACTERS)))
    if run.isdecimal() or run in STOP_WORDS or run in UNITS or run in MONTHS or run in NUMBER_WORDS:
        return frozenset()
    return frozenset((stem(run),))


def stem(word: str) -> str:
    """Return what inflections of a folded word have in common, roughly: its first letters without common endings."""
    if word[0] >= "\u0600" and word[0] <= "\u06ff":
        return _ARABIC_ENDING.sub("", _ARABIC_PREFIX.sub("", word))
    if any(map(str.isdecimal, word)):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_MIN:
            word = word.removesuffix(ending)
            break
    return word[:_STEM_MAX]
