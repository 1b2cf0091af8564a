"""Telling passages that say what a better one has said already. Pure, and cheap enough for a page of hits."""

import re
from dataclasses import dataclass, field
from functools import cached_property

LIKENESS_MIN = 0.8
RUN_WORDS = 4

# A character is a word in the scripts of East and South-East Asia, which have no spaces to part words by.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W_]+")
_ASCII_NUMBER = re.compile(r"(?<![a-z0-9])[a-z]*[0-9][a-z0-9]*")


@dataclass(frozen=True)
class _Known:
    """What of a passage is compared: numbers first, which hardly ever agree, so that most are told apart by them."""

    text: str

    @cached_property
    def numbers(self) -> frozenset[str]:
        if self.text.isascii():
            return frozenset(_ASCII_NUMBER.findall(self.text))
        numbered = (word for word in _WORD.findall(self.text) if not word.isalpha())
        return frozenset(word for word in numbered if any(map(str.isdigit, word)))

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        words = _WORD.findall(self.text)
        runs = frozenset(zip(*(words[at:] for at in range(RUN_WORDS)), strict=False))
        return runs or frozenset({tuple(words)})

    def nearly_repeats(self, other: "_Known") -> bool:
        if self.numbers != other.numbers:
            return False
        sizes = len(self.runs), len(other.runs)
        # Before all runs are compared: as many as the smaller has, at most, are shared.
        if min(sizes) < LIKENESS_MIN * max(sizes):
            return False
        shared = len(self.runs & other.runs)
        return shared >= LIKENESS_MIN * (sum(sizes) - shared)


@dataclass(slots=True)
class Repeats:
    """Knows the passages of one result that are told apart, best first.

    Two are nearly the same where they hold the same numbers and share four fifths of their runs of four words. The
    numbers, because forms, tables and reports say something else from year to year in otherwise the same words.

    Source:
        Broder, On the resemblance and containment of documents, 1997, without its sampling: a page of hits is small.
    """

    _known: list[_Known] = field(default_factory=list)

    def is_one(self, text: str) -> bool:
        """Return whether a text nearly repeats one that was asked about before; else it is known from now on."""
        asked = _Known(text.casefold())
        if any(map(asked.nearly_repeats, self._known)):
            return True
        self._known.append(asked)
        return False
