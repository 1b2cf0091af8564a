"""Token ids of texts, word by word: words come again and again, and remembering them beats tokenizing anew by far.

The vocabulary has no token that goes on across the beginning of a word, so the ids of a text are those of its words,
one after another, exactly as the tokenizer gives them for the whole.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import cast

from tokenizers import Tokenizer
from tokenizers.normalizers import Replace

WORDS_MAX = 50_000
"""Of about 250 bytes each. Beyond it all are forgotten: the next texts bring back those that matter."""
WORD_CHARACTERS_MAX = 32
FEW = 32
"""So many words are done before the tokenizer has woken its threads, and without waking them."""
# The tokenizer takes it for a space, and writes spaces so.
_SPACE = "\u2581"
# With the spaces before it. A line's end is a byte of its own in this vocabulary, which is merged with nothing.
_WORD = re.compile(r"\n| *[^ \n]+| +")
# Written out in a text they are one token each, and what follows them counts as a text's beginning.
_SPECIAL = ("<s>", "</s>", "<unk>")


class Tokens:
    """Turns texts into ids; for one thread at a time."""

    def __init__(self, path: str) -> None:
        """Read a tokenizer.

        Args:
            path: Its JSON file.
        """
        self._texts, self._words = _open(path), _open(path)
        # A text begins as if a space stood before it; a word does not.
        self._words.normalizer = Replace(" ", _SPACE)
        self._known: dict[str, list[int]] = {}

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, which holds no lone surrogates."""
        if not text or any(special in text for special in _SPECIAL):
            return self._texts.encode(text, add_special_tokens=False).ids
        words = _WORD.findall(" " + text.replace(_SPACE, " "))
        known = list(map(self._known.get, words))
        if None in known:
            return list(chain.from_iterable(self._learnt(words, known)))
        return list(chain.from_iterable(cast("list[list[int]]", known)))

    def _learnt(self, words: list[str], known: list[list[int] | None]) -> Iterator[list[int]]:
        """Yield the ids of each word, and remember those that were not known."""
        new = list(dict.fromkeys(word for word, ids in zip(words, known, strict=True) if ids is None))
        if len(new) <= FEW:
            encoded = [self._words.encode(word, add_special_tokens=False) for word in new]
        else:
            encoded = self._words.encode_batch_fast(new, add_special_tokens=False)
        found = dict(zip(new, (encoding.ids for encoding in encoded), strict=True))
        if len(self._known) + len(found) > WORDS_MAX:
            self._known.clear()
        self._known.update((word, ids) for word, ids in found.items() if len(word) <= WORD_CHARACTERS_MAX)
        return (found[word] if ids is None else ids for word, ids in zip(words, known, strict=True))


def _open(path: str) -> Tokenizer:
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
