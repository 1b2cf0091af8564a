"""From text to the terms that wording is matched by; the same for passages and queries.

Chosen by nDCG@10 on the development sets (see tests/benchmarks/retrieval_quality.py): plain words find less than stems
in every language, but the English stemmer costs exact names on English support pages. Snowball's German stemmer takes
off little more than -e, -en, -er and -s, which suits the languages of Latin script in general: it is better than no
stemming on every set. Arabic, Russian and Greek are told by their script and have stemmers of their own.

Scripts without spaces are cut into pairs of characters. Pairs of hiragana alone are mostly grammar and are left out,
and single kanji and katakana count beside the pairs where Japanese is told by its kana.
"""

import re
import sys
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

import tantivy

TERM_CHARACTERS_MAX = 64
"""Longer terms (encoded bytes, checksums) are cut off: nobody asks for them in full."""

STEMS_MAX = 20_000
"""Words of a language whose stems a thread remembers, of about 200 bytes each; beyond it all are forgotten."""

# A class of the marks that Python's `\w` leaves out, without which words of Hindi, Thai or pointed Arabic fall apart.
_MARK_RANGES = ((0x0300, 0x2000), (0x20D0, 0x2100), (0x3099, 0x309B), (0xA800, 0xAC00), (0xFE20, 0xFE30))
_MARKS = "".join(
    chr(code) for low, high in _MARK_RANGES for code in range(low, high) if unicodedata.category(chr(code))[0] == "M"
)
_WORD = re.compile(f"(?:[^\\W_]|[{re.escape(_MARKS)}])+")
_ASCII_WORD = re.compile("[a-z0-9]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_KANA = re.compile("[\u3040-\u30ff]")
_HIRAGANA = re.compile("[\u3040-\u309f]+")
# The soft hyphen, joiners and marks of direction stand inside words and are seen by nobody.
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])

_STEMMERS = (("arabic", 0x0600, 0x0780), ("russian", 0x0400, 0x0530), ("greek", 0x0370, 0x0400))
_LATIN_STEMMER = "german"
_local = threading.local()


def terms_of(text: str) -> list[str]:
    """Return the terms of a text in their order, repeated as often as they occur."""
    if text.isascii():
        words = [word[:TERM_CHARACTERS_MAX] for word in _ASCII_WORD.findall(text.lower())]
        return [term for term in _stem(_LATIN_STEMMER, words) if term]
    folded = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).casefold()
    terms: list[str] = []
    # Words go to their stemmer all at once, which is faster than one by one, and come back to their places.
    places: dict[str, list[int]] = {}
    for word in _WORD.findall(folded):
        rest = 0
        if not word.isascii():
            for run in _UNSPACED.finditer(word):
                if run.start() > rest:
                    _place(places, terms, word[rest : run.start()])
                terms.extend(_pairs(run.group()))
                rest = run.end()
        if rest < len(word):
            _place(places, terms, word[rest:])
    for language, at in places.items():
        for place, stem in zip(at, _stem(language, [terms[place] for place in at]), strict=True):
            terms[place] = stem
    return [term for term in terms if term]


def neighbours_of(terms: Sequence[str]) -> list[tuple[str, str]]:
    """Return which terms of a query stand side by side, each pair once.

    Pairs of characters overlap and are a phrase by themselves: of the scripts without spaces there are none.
    """
    pairs = dict.fromkeys(pair for pair in pairwise(terms) if pair[0] != pair[1])
    return [pair for pair in pairs if not any(_UNSPACED.search(term) for term in pair)]


def _place(places: dict[str, list[int]], terms: list[str], word: str) -> None:
    code = ord(word[0])
    language = next((name for name, low, high in _STEMMERS if low <= code < high), _LATIN_STEMMER)
    places.setdefault(language, []).append(len(terms))
    terms.append(word[:TERM_CHARACTERS_MAX])


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
        return
    is_grammar = _HIRAGANA.fullmatch(run) is not None
    for start in range(len(run) - 1):
        pair = run[start : start + 2]
        if is_grammar or not _HIRAGANA.fullmatch(pair):
            yield pair
    if _KANA.search(run):
        yield from (character for character in run if not _HIRAGANA.match(character))


def _stem(language: str, words: list[str]) -> list[str]:
    """Return the stem of each word, empty for none. Most have been seen before: that takes a tenth of the time."""
    stems: dict[str, str] = _local.__dict__.setdefault(language, {})
    found = list(map(stems.get, words))
    if None in found:
        found = list(map(_learnt(language, stems, words).get, words))
    return [stem or "" for stem in found]


def _learnt(language: str, stems: dict[str, str], words: list[str]) -> dict[str, str]:
    """Return the stem of each word, empty for none; remembered for as long as there are not too many."""
    new = [word for word in dict.fromkeys(words) if word not in stems]
    analyser = _analyser(language)
    fresh = analyser.analyze(" ".join(new))
    if len(fresh) != len(new):
        fresh = [next(iter(analyser.analyze(word)), "") for word in new]
    # Common stems are many times in memory otherwise.
    made = dict(zip(new, map(sys.intern, fresh), strict=True))
    known = {word: stems[word] for word in words if word in stems} | made
    if len(stems) + len(made) > STEMS_MAX:
        stems.clear()
    stems.update(made)
    return known


def _analyser(language: str) -> tantivy.TextAnalyzer:
    """Return a thread's own: tantivy's cannot be borrowed by two."""
    analysers: dict[str, tantivy.TextAnalyzer] = _local.__dict__.setdefault("analysers", {})
    if (analyser := analysers.get(language)) is None:
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        analyser = analysers[language] = builder.filter(tantivy.Filter.stemmer(language)).build()
    return analyser
