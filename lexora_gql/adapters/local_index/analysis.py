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
from collections.abc import Iterable, Sequence
from itertools import pairwise

import tantivy

TERM_CHARACTERS_MAX = 64
"""Longer terms (encoded bytes, checksums) are cut off: nobody asks for them in full."""

STEMS_MAX = 100_000
"""Words whose stems a process remembers, of about 200 bytes each: a hundred thousand passages hold as many."""

# A class of the marks that Python's `\w` leaves out, without which words of Hindi, Thai or pointed Arabic fall apart.
_MARK_RANGES = ((0x0300, 0x2000), (0x20D0, 0x2100), (0x3099, 0x309B), (0xA800, 0xAC00), (0xFE20, 0xFE30))
_MARKS = "".join(
    chr(code) for low, high in _MARK_RANGES for code in range(low, high) if unicodedata.category(chr(code))[0] == "M"
)
WORD_CHARACTERS = f"\\w{re.escape(_MARKS)}"
"""Of a class of a regular expression; with the underscore, which is none."""
# Without the underscore, which `\w` takes for a letter: one class is looked through in a third of the time of two.
_WORD = re.compile(f"[{WORD_CHARACTERS}]+")
ASCII_LETTERS = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_KANA = re.compile("[\u3040-\u30ff]")
_HIRAGANA = re.compile("[\u3040-\u309f]+")
# The soft hyphen, joiners and marks of direction stand inside words and are seen by nobody.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")

_STEMMERS = (("arabic", 0x0600, 0x0780), ("russian", 0x0400, 0x0530), ("greek", 0x0370, 0x0400))
_LATIN_STEMMER = "german"
# Names of things are many and rare, and most end with a digit. The stemmer takes off letters at the end; elsewhere it
# only makes one letter of "ae", "oe" and "ue".
_NAME = re.compile("[a-df-z0-9]*[0-9]")
_local = threading.local()


def terms_of(text: str) -> list[str]:
    """Return the terms of a text in their order, repeated as often as they occur."""
    if text.isascii():
        return list(filter(None, stems_of(text.translate(ASCII_LETTERS).split())))
    text = folded(text)
    words = _WORD.findall(text.replace("_", " "))
    return list(filter(None, _cut(words) if has_unspaced(text) else stems_of(words)))


def folded(text: str) -> str:
    """Return a text in which what is the same for a search looks the same."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def has_unspaced(text: str) -> bool:
    """Return whether there are runs in a text that `terms_of` cuts into pairs."""
    return _UNSPACED.search(text) is not None


def neighbours_of(terms: Sequence[str]) -> list[tuple[str, str]]:
    """Return which terms of a query stand side by side, each pair once.

    Pairs of characters overlap and are a phrase by themselves: of the scripts without spaces there are none.
    """
    pairs = dict.fromkeys(pair for pair in pairwise(terms) if pair[0] != pair[1])
    return [pair for pair in pairs if not any(_UNSPACED.search(term) for term in pair)]


def _cut(words: Iterable[str]) -> list[str]:
    """Return the terms of words of which some are runs of a script without spaces."""
    terms: list[str] = []
    # Other words are stemmed all at once, which is faster than one by one, and come back to their places.
    places: list[int] = []
    for word in words:
        rest = 0
        for run in () if word.isascii() else _UNSPACED.finditer(word):
            if run.start() > rest:
                places.append(len(terms))
                terms.append(word[rest : run.start()])
            terms += _pairs(run.group())
            rest = run.end()
        if rest < len(word):
            places.append(len(terms))
            terms.append(word[rest:])
    for at, stem in zip(places, stems_of([terms[at] for at in places]), strict=True):
        terms[at] = stem
    return terms


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [run]
    pairs = list(map(str.__add__, run, run[1:]))
    if not _KANA.search(run):
        return pairs
    if _HIRAGANA.fullmatch(run) is None:
        pairs = [pair for pair in pairs if not _HIRAGANA.fullmatch(pair)]
    return pairs + [character for character in run if not _HIRAGANA.match(character)]


class _Remembered:
    """Words and their stems, empty for none. Threads share it: what is in either dictionary is never taken out.

    Once the younger one is full it takes the place of the older; words that are used are found there and stay.
    """

    def __init__(self) -> None:
        self.younger: dict[str, str] = {}
        self.older: dict[str, str] = {}

    def learn(self, words: Iterable[str]) -> dict[str, str]:
        """Return the stem of each word, and remember it."""
        younger, older = self.younger, self.older
        learnt = {word: older[word] for word in words if word in older}
        by_language: dict[str, list[str]] = {}
        for word in words:
            if len(word) <= TERM_CHARACTERS_MAX and _NAME.fullmatch(word):
                learnt[word] = word
            elif word not in learnt:
                by_language.setdefault(_language(word), []).append(word)
        for language, new in by_language.items():
            learnt.update(zip(new, _analysed(language, [word[:TERM_CHARACTERS_MAX] for word in new]), strict=True))
        younger.update((word, stem) for word, stem in learnt.items() if len(word) <= TERM_CHARACTERS_MAX)
        if len(younger) > STEMS_MAX // 2:
            self.older, self.younger = younger, {}
        return learnt


_remembered = _Remembered()


def stems_of(words: Sequence[str]) -> list[str]:
    """Return the stem of each word, empty for none. Most have been seen before: that takes a tenth of the time."""
    found = list(map(_remembered.younger.get, words))
    if None in found:
        new = [at for at, stem in enumerate(found) if stem is None]
        learnt = _remembered.learn(dict.fromkeys(words[at] for at in new))
        for at in new:
            found[at] = learnt[words[at]]
    return found  # type: ignore[return-value]  # None is not among them any more


def _language(word: str) -> str:
    if word.isascii():
        return _LATIN_STEMMER
    code = ord(word[0])
    return next((name for name, low, high in _STEMMERS if low <= code < high), _LATIN_STEMMER)


def _analysed(language: str, words: list[str]) -> list[str]:
    analyser = _analyser(language)
    stems = analyser.analyze(" ".join(words))
    if len(stems) != len(words):
        stems = [next(iter(analyser.analyze(word)), "") for word in words]
    # Common stems are many times in memory otherwise.
    return list(map(sys.intern, stems))


def _analyser(language: str) -> tantivy.TextAnalyzer:
    """Return a thread's own: tantivy's cannot be borrowed by two."""
    analysers: dict[str, tantivy.TextAnalyzer] = _local.__dict__.setdefault("analysers", {})
    if (analyser := analysers.get(language)) is None:
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        analyser = analysers[language] = builder.filter(tantivy.Filter.stemmer(language)).build()
    return analyser
