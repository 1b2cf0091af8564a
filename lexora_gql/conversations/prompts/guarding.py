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
        # The last words, as far as they stand there in a row; then what waits, and the word that has begun.
        self._run: list[str] = []
        self._held = ""
        self._word = ""

    def feed(self, piece: str) -> str:
        """Return what may be shown now that this piece has come."""
        return "".join(map(self._take, piece))

    def flush(self) -> str:
        """Return the rest once the text has ended."""
        text = self._end_word()
        held, self._held, self._run = self._held, "", []
        return text + held

    def _take(self, character: str) -> str:
        if not character.isalnum():
            return self._end_word() + self._wait(character, HELD_FROM)
        self._word += character
        goes_on = self._word.isdecimal() or f" {' '.join((*self._run, self._word.lower()))}" in self._secret
        if goes_on:
            return self._wait(character, HELD_FROM - 1)
        held, self._held, self._run = self._held, "", []
        return held + character

    def _wait(self, character: str, run: int) -> str:
        """Hold a character back behind so many words in a row, or show it after what waits: a number may."""
        if len(self._run) < run:
            held, self._held = self._held, ""
            return held + character
        self._held += "" if len(self._run) >= RUN_MIN else character
        return ""

    def _end_word(self) -> str:
        """Take note that a word has ended; return what no longer has to wait."""
        word, self._word = self._word.lower(), ""
        # Numbers between words, such as those of sources, part nothing.
        if not word or word.isdecimal():
            return ""
        run = [*self._run, word]
        if f" {' '.join(run)} " in self._secret:
            self._run = run
            self._held = "" if len(run) >= RUN_MIN else self._held
            return ""
        self._run = [word] if f" {word} " in self._secret else []
        held, self._held = self._held, ""
        return held
