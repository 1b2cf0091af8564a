"""Telling passages that say what a better one has said already. Pure, and cheap enough for a page of hits."""

import re
from collections import Counter
from dataclasses import dataclass, field

LIKENESS_MIN = 0.8
RUN_WORDS = 4

# A character is a word in the scripts of East and South-East Asia, which have no spaces to part words by.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W_]+")


@dataclass(slots=True)
class Repeats:
    """Knows the passages of one result that are told apart, best first.

    Two are nearly the same where they hold the same numbers and share four fifths of their runs of four words. The
    numbers, because forms, tables and reports say something else from year to year in otherwise the same words.

    Source:
        Broder, On the resemblance and containment of documents, 1997, without its sampling: a page of hits is small.
    """

    _numbers: list[frozenset[str]] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)
    _holders: dict[tuple[str, ...], list[int]] = field(default_factory=dict)

    def is_one(self, text: str) -> bool:
        """Return whether a text nearly repeats one that was asked about before; else it is known from now on."""
        words = _WORD.findall(text.casefold())
        runs = set(zip(*(words[at:] for at in range(RUN_WORDS)), strict=False)) or {tuple(words)}
        numbers = frozenset(word for word in words if any(character.isdigit() for character in word))
        shared = Counter(holder for run in runs for holder in self._holders.get(run, ()))
        for holder, count in shared.items():
            together = len(runs) + self._sizes[holder] - count
            if count >= LIKENESS_MIN * together and numbers == self._numbers[holder]:
                return True
        for run in runs:
            self._holders.setdefault(run, []).append(len(self._sizes))
        self._sizes.append(len(runs))
        self._numbers.append(numbers)
        return False
