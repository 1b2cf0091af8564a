"""The names that a text states: what no rewording may replace."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from lexora_gql.conversations.citations.numerals import MONTHS, UNITS
from lexora_gql.conversations.language.vocabulary import (
    ENGLISH_WORDS,
    GERMAN_PLACE_PHRASES,
    GERMAN_TITLES,
    GERMAN_WORDS,
    STOP_WORDS,
    TITLES,
)
from lexora_gql.conversations.language.wording import folded
from lexora_gql.conversations.language.words import WORD

_QUOTED = re.compile("《([^《》]{1,60})》|((?:[\u4e00-\u9fff]{1,6}·){1,4}[\u4e00-\u9fff]{1,6})")
_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,10}-?\d[A-Za-z0-9]{0,20}(?:[-.]\d[A-Za-z0-9]{0,20}){0,6}")
_SENTENCE_START = re.compile(r"""(?:^|[.!?:;•*>|]\s{0,3}|[\n])["'“„«(\-–*#\s]{0,6}$""")
_ENDINGS = frozenset(
    "|s|es|en|n|e|a|i|o|y|an|ian|ans|ians|ish|ese|er|ers|isch|ische|ischen|ischer|isches|em|us|ia|nia".split("|")  # noqa: SIM905  # legible
)
_GERMAN_NOUN = re.compile(
    r"(?:ung|heit|keit|schaft|tion|tat|nis|ismus|ungen|ionen|zeit|tag|jahr|raum|stelle|recht)(?:en|s)?$"
)
_STEM_MIN = 4
COMPOUND_PART_MIN = 5
NOUNS_MISSING_MAX = 1 / 3


@dataclass(frozen=True, slots=True)
class Names:
    """Folded names; German writes every noun as if it were one, so of its nouns only most must stand."""

    certain: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset()

    def stand_in(self, quote: str, months: frozenset[int] = frozenset(), *, around: str = "") -> bool:
        """Return whether a quote has every name of this text, inflected or as an acronym.

        Args:
            quote: The source's words.
            months: Those the quote names in dates, in any notation.
            around: The whole source: what a sentence leaves to those around it, a claim may name.
        """
        read = _Read.of(quote)
        if not all(read.has(name) or MONTHS.get(name) in months for name in self.certain):
            return False
        unread = [noun for noun in self.nouns if not read.has(noun) and not read.has_compound(noun)]
        if unread and around:
            context = _Read.of(around)
            unread = [noun for noun in unread if not context.has(noun)]
        missing = len(unread)
        return missing <= len(self.nouns) * NOUNS_MISSING_MAX or len(self.nouns) == 1


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    folded: str
    begins_sentence: bool

    @property
    def is_name_like(self) -> bool:
        return self.text[0].isupper() and self.folded not in STOP_WORDS and self.folded not in TITLES

    @property
    def is_acronym(self) -> bool:
        letters = [character for character in self.text if character.isalpha()]
        return len(letters) > 1 and all(map(str.isupper, letters))


def names_of(text: str) -> Names:
    """Return the names in a text.

    That is: codes such as COVID-19, acronyms, titles in 《》, and capitalised words but the first of a sentence, except
    where the next is one too. In scripts without capitals only the former can be told.
    """
    plain = unicodedata.normalize("NFKC", text)
    certain = {folded(next(filter(None, match.groups()))) for match in _QUOTED.finditer(plain)}
    certain |= {_joined(match[0]) for match in _CODE.finditer(plain) if any(map(str.isupper, match[0]))}
    words = _words(_CODE.sub(" ", plain))
    capitalised = [word for word in words if word.is_name_like]
    if is_german([word.folded for word in words]):
        return _german(words, certain)
    is_heading = len(words) > 3 and len(capitalised) > 0.7 * len(words)
    if is_heading:
        return Names(frozenset(certain), frozenset(word.folded for word in capitalised))
    for place, word in enumerate(words):
        if not word.is_name_like:
            continue
        is_pair = place + 1 < len(words) and words[place + 1].is_name_like and not words[place + 1].begins_sentence
        if word.is_acronym or not word.begins_sentence or is_pair:
            certain.add(word.folded)
    return Names(frozenset(certain))


def is_german(folded_words: Sequence[str]) -> bool:
    """Return whether a sentence is German, whose nouns are all capitalised."""
    german = sum(word in GERMAN_WORDS for word in folded_words)
    return german > sum(word in ENGLISH_WORDS for word in folded_words)


def _german(words: list[_Word], certain: set[str]) -> Names:
    nouns: set[str] = set()
    for place, word in enumerate(words):
        if not word.is_name_like or word.folded in UNITS or word.folded in MONTHS:
            continue
        before = words[place - 1].folded if place and not word.begins_sentence else ""
        is_place = before in {"in", "aus"} and word.folded not in GERMAN_PLACE_PHRASES
        is_name = before in GERMAN_TITLES or (is_place and not _GERMAN_NOUN.search(word.folded))
        if word.is_acronym or is_name:
            certain.add(word.folded)
        elif not word.begins_sentence:
            nouns.add(word.folded)
    return Names(frozenset(certain), frozenset(nouns - certain))


def _words(text: str) -> list[_Word]:
    found: list[_Word] = []
    for match in WORD.finditer(text):
        # What precedes is cut, so a line's beginning is told by its place, too.
        before = text[max(0, match.start() - 12) : match.start()]
        begins = _SENTENCE_START.search(before if match.start() < 12 else f"x{before}") is not None
        bare = re.sub(r"['’]s?$", "", match[0])
        if bare and bare[0].isalpha():
            found.append(_Word(bare, folded(bare), begins))
    return found


def _joined(text: str) -> str:
    return "".join(character for character in folded(text) if character.isalnum())


@dataclass(frozen=True, slots=True)
class _Read:
    """A quote as names are looked up in it."""

    words: frozenset[str]
    by_beginning: dict[str, list[str]] = field(default_factory=dict)
    joined: str = ""
    text: str = ""
    initials: str = ""

    @classmethod
    def of(cls, quote: str) -> "_Read":
        plain = unicodedata.normalize("NFKC", quote)
        words = [re.sub(r"['’]s?$", "", match[0]) for match in WORD.finditer(plain)]
        small = [folded(word) for word in words]
        by_beginning: dict[str, list[str]] = {}
        for word in small:
            by_beginning.setdefault(word[:_STEM_MIN], []).append(word)
        initials = "".join(
            word[0].lower() for word in words if word and word[0].isupper() and folded(word) not in STOP_WORDS
        )
        return cls(frozenset(small), by_beginning, _joined(quote), folded(quote), initials)

    def has(self, name: str) -> bool:
        if name in self.words or self._has_inflected(name):
            return True
        is_code = any(map(str.isdecimal, name)) or not name.isascii()
        if is_code and (name in self.joined or name in self.text):
            return True
        return 2 <= len(name) <= 6 and name.isascii() and name in self.initials

    def has_compound(self, noun: str) -> bool:
        """Return whether a long word is part of the noun, or the noun of one."""
        return any(
            (noun in word and len(noun) >= COMPOUND_PART_MIN) or (word in noun and len(word) >= COMPOUND_PART_MIN)
            for word in self.words
        )

    def _has_inflected(self, name: str) -> bool:
        for word in self.by_beginning.get(name[:_STEM_MIN], ()):
            shared = 0
            while shared < min(len(name), len(word)) and name[shared] == word[shared]:
                shared += 1
            if name[shared:] in _ENDINGS and word[shared:] in _ENDINGS:
                return True
        return False
