"""Keeping to itself what a model was told beside the sources: a document may ask it to write that out."""

import re

RUN_MIN = 8
"""So many words of the instructions in a row are no chance."""
HELD_FROM = 3
"""Fewer are shown at once; up to here nothing waits."""
_WORD = re.compile(r"[^\W_]+")


class InstructionGuard:
    """Takes a model's text piece by piece and gives it without stretches of its instructions.

    Text waits only while its last words stand in the instructions in the same order.
    """

    def __init__(self, instructions: str) -> None:
        """Begin a text.

        Args:
            instructions: What may not be shown.
        """
        words = (word.lower() for word in _WORD.findall(instructions) if not word.isdecimal())
        self._secret = f" {' '.join(words)} "
        self._run: list[str] = []
        self._held = ""
        self._word = ""

    def feed(self, piece: str) -> str:
        """Return what may be shown now that this piece has come."""
        return "".join(map(self._take, piece))

    def flush(self) -> str:
        """Return the rest once the text has ended."""
        text = self._end_word()
        held, self._held = self._held, ""
        self._run = []
        return text + held

    def _take(self, character: str) -> str:
        if character.isalnum():
            self._word += character
            # A long word is shown as it comes, once it cannot be one of theirs.
            return self._end_word() if f" {self._word.lower()}" not in self._secret else ""
        text = self._end_word()
        if len(self._run) < HELD_FROM:
            return text + character
        self._held += "" if len(self._run) >= RUN_MIN else character
        return text

    def _end_word(self) -> str:
        word, self._word = self._word, ""
        if not word or word.isdecimal():
            # Numbers between words, such as those of sources, part nothing.
            return self._show(word)
        run = [*self._run, word.lower()]
        if f" {' '.join(run)} " in self._secret:
            self._run = run
            if len(run) >= RUN_MIN:
                self._held = ""
                return ""
            if len(run) >= HELD_FROM:
                self._held += word
                return ""
            return word
        held, self._held = self._held, ""
        self._run = [word.lower()] if f" {word.lower()} " in self._secret else []
        return held + word

    def _show(self, word: str) -> str:
        if len(self._run) >= HELD_FROM:
            self._held += "" if len(self._run) >= RUN_MIN else word
            return ""
        return word
