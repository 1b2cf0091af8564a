"""Whether a source says, in other words, what a claim says."""

import itertools
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from lexora_gql.conversations.citations.figures import Figures, figures_of
from lexora_gql.conversations.citations.names import Names, is_german, names_of
from lexora_gql.conversations.citations.numerals import CHINESE_DIGITS, CHINESE_SCALES
from lexora_gql.conversations.language.sentences import sentences
from lexora_gql.conversations.language.vocabulary import (
    CHINESE_SURNAMES,
    NEGATION_CHARACTERS,
    NEGATIONS,
    OPPOSITES,
    STOP_WORDS,
    WEEKDAYS,
)
from lexora_gql.conversations.language.wording import folded, is_unspaced
from lexora_gql.conversations.language.words import TOKEN, WORD, features
from lexora_gql.ports.text_extractor import Span

COVERAGE_MIN = 0.5
# How far before a claim's first word one that denies it may stand, in words; and how much is looked at.
DENYING_WORDS = 3
BESIDE_CHARACTERS = 60
_SENTENCE_END = re.compile(r"[.!?;:。！？；\n]")
# Japanese and Korean deny at the end.
_DENIES_BEHIND = re.compile(
    "\\s?(?:で|では|に|は|が|も|し|れ|され|い)*(?:ない|ません|なかっ|ず|ぬ)|\\s?(?:이|가)?\\s?(?:아니|않)"
)
WINDOW_SENTENCES_MAX = 3
WINDOW_COST = 0.06
WINDOWS_READ_MAX = 12
COMPARED_WORDS_MAX = 120
NEAR = 0.6
NEAR_AND_NEGATED = 0.75
CHINESE_NUMERALS = frozenset((*CHINESE_DIGITS, *CHINESE_SCALES))
_NO_NEGATIONS = (
    "no later than",
    "no more than",
    "no less than",
    "no fewer than",
    "not only",
    "nicht nur",
    "nicht mehr als",
)


@dataclass(frozen=True)
class Passage:
    """A sentence or a few: what is compared, each part worked out once and only when it is needed."""

    text: str

    @cached_property
    def features(self) -> frozenset[str]:
        """What it is about."""
        return frozenset(features(self.text))

    @cached_property
    def figures(self) -> Figures:
        """Its numbers and dates."""
        return figures_of(self.text)

    @cached_property
    def weekdays(self) -> frozenset[int]:
        """The days of the week that it names, Monday being 0."""
        return frozenset(day for day, names in enumerate(WEEKDAYS) if not names.isdisjoint(self.folded_words))

    @cached_property
    def names(self) -> Names:
        """Its names."""
        return names_of(self.text)

    @cached_property
    def words(self) -> list[str]:
        """Its words as written; each character by itself where words have no blanks."""
        return TOKEN.findall(self.text)

    @cached_property
    def folded_words(self) -> list[str]:
        """Its words as they are compared."""
        return [folded(word).replace("'", "").replace("’", "") for word in self.words]

    @cached_property
    def is_negated(self) -> bool:
        """Whether it denies something."""
        text = folded(self.text)
        for phrase in _NO_NEGATIONS:
            text = text.replace(phrase, " ")
        words = {match[0].replace("'", "").replace("’", "") for match in WORD.finditer(text)}
        return not NEGATIONS.isdisjoint(words) or not NEGATION_CHARACTERS.isdisjoint(text)


class Reading:
    """A source's text, parted into sentences."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = sentences(text)
        self._passages: dict[tuple[int, int], Passage] = {}

    @cached_property
    def common_words(self) -> frozenset[str]:
        """What it writes in small letters somewhere: no names, though they may begin a sentence."""
        return frozenset(features(" ".join(word for word in WORD.findall(self.text) if word[0].islower())))

    def passage(self, first: int, count: int) -> Passage:
        """Return some sentences in a row."""
        key = (first, count)
        if key not in self._passages:
            span = self.span(first, count)
            self._passages[key] = Passage(self.text[span.start : span.end])
        return self._passages[key]

    def span(self, first: int, count: int) -> Span:
        """Return where some sentences in a row stand."""
        return Span(self.spans[first].start, self.spans[first + count - 1].end)


def is_denied(text: str, span: Span, claim: str) -> bool:
    """Return whether words that stand in a text to the letter are denied by those right before or behind them.

    "Employees may sell their leave" stands in "No employees may sell their leave".
    """
    before = _SENTENCE_END.split(text[max(0, span.start - BESIDE_CHARACTERS) : span.start])[-1].rstrip()
    behind = _SENTENCE_END.split(text[span.end : span.end + BESIDE_CHARACTERS])[0]
    if before and is_unspaced(before[-1]) and before[-1] in NEGATION_CHARACTERS:
        return True
    if behind and _DENIES_BEHIND.match(behind):
        return True
    return Passage(" ".join(before.split()[-DENYING_WORDS:])).is_negated and not Passage(claim).is_negated


def best_support(claim: Passage, source: Reading) -> tuple[Span, bool]:
    """Return the sentences of a source that come closest to a claim, and whether they say it.

    Those that say it go first, then those that have more in common, then fewer.
    """
    if not source.spans:
        return Span(0, len(source.text)), False
    ranked = _ranked(claim, source)
    _, first, count = ranked[0]
    if not _contradicts(source, first, count, claim):
        for coverage, first, count in ranked[:WINDOWS_READ_MAX]:
            if coverage > COVERAGE_MIN and says(source, first, count, claim):
                return source.span(first, count), True
    _, first, count = ranked[0]
    return source.span(first, count), False


def _ranked(claim: Passage, source: Reading) -> list[tuple[float, int, int]]:
    """Return the windows of a source as (share of the claim's features, first sentence, sentences), best first."""
    wanted = claim.features
    shared = [wanted & source.passage(place, 1).features for place in range(len(source.spans))]
    windows: list[tuple[float, int, int]] = []
    for count in range(1, min(WINDOW_SENTENCES_MAX, len(shared)) + 1):
        for first in range(len(shared) - count + 1):
            union = frozenset().union(*itertools.islice(shared, first, first + count))
            windows.append((len(union) / max(1, len(wanted)), first, count))
    return sorted(windows, key=lambda window: (WINDOW_COST * window[2] - window[0], window[1]))


def says(source: Reading, first: int, count: int, claim: Passage) -> bool:
    """Return whether sentences that have much in common with a claim say nothing against it."""
    quote = source.passage(first, count)
    return (
        claim.figures.stand_in(quote.figures)
        and claim.weekdays <= quote.weekdays
        and claim.names.stand_in(quote.text, quote.figures.months, around=source.text)
        and not _contradicts(source, first, count, claim)
    )


def _contradicts(source: Reading, first: int, count: int, claim: Passage) -> bool:
    """Return whether sentences state something that a claim cannot stand beside; missing figures are no such thing."""
    quote = source.passage(first, count)
    near = [source.passage(place, 1) for place in range(first, first + count)]
    return (
        _denies(quote, near, claim)
        or _says_the_opposite(quote, claim)
        or any(_replaces_a_name(sentence, claim, source.common_words) for sentence in near)
    )


def _denies(quote: Passage, sentences_: list[Passage], claim: Passage) -> bool:
    """Return whether one of the two denies what the other states; of a claim that denies nothing, only when near."""
    if claim.is_negated:
        return not quote.is_negated
    near = [
        sentence
        for sentence in sentences_
        if len(claim.features & sentence.features) >= NEAR_AND_NEGATED * len(claim.features)
    ]
    return bool(near) and all(sentence.is_negated for sentence in near)


def _says_the_opposite(quote: Passage, claim: Passage) -> bool:
    stated, read = set(claim.folded_words), set(quote.folded_words)
    return any(
        not one.isdisjoint(stated) and other.isdisjoint(stated) and one.isdisjoint(read) and not other.isdisjoint(read)
        for left, right in OPPOSITES
        for one, other in ((left, right), (right, left))
    )


def _replaces_a_name(quote: Passage, claim: Passage, common_words: frozenset[str]) -> bool:
    """Return whether a claim is the quote but for one place, and what stands there may be another name.

    It catches the name that begins a sentence, German names, and those of scripts without capitals.
    """
    stated, read = claim.folded_words, quote.folded_words
    if max(len(stated), len(read)) > COMPARED_WORDS_MAX:
        return False
    codes = SequenceMatcher(None, stated, read, autojunk=False).get_opcodes()
    same = sum(end - start for kind, start, end, _, _ in codes if kind == "equal")
    changed = [code for code in codes if code[0] in {"replace", "delete"}]
    if same < NEAR * len(stated) or len(changed) != 1 or changed[0][0] != "replace":
        return False
    _, start, end, start_read, end_read = changed[0]
    ours = [word for word in claim.words[start:end] if folded(word) not in read]
    theirs = [word for word in quote.words[start_read:end_read] if folded(word) not in stated]
    return _may_be_names(ours, theirs, frozenset() if is_german(stated) else common_words)


def _may_be_names(ours: list[str], theirs: list[str], common_words: frozenset[str]) -> bool:
    if not ours or not theirs or any(word[0].isdecimal() for word in (*ours, *theirs)):
        return False  # numbers are compared by value
    if is_unspaced(ours[0][0]):
        if {*ours, *theirs} <= CHINESE_SURNAMES:
            return True
        return len(ours) > 1 and len(theirs) > 1 and not set("".join(ours)) & CHINESE_NUMERALS
    if any(word[0].isupper() for word in ours):
        are_common = bool(features(" ".join((*ours, *theirs))) & common_words)
        return any(word[0].isupper() for word in theirs) and not are_common
    content = [word for word in ours if folded(word) not in STOP_WORDS]
    return bool(content) and not ours[0][0].islower() and not features(" ".join(ours)) & features(" ".join(theirs))
