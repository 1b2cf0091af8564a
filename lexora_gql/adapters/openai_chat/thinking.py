"""What a model says to itself before it answers."""

BEGIN, END = "<think>", "</think>"


class Thinking:
    """Leaves out `<think>…</think>` at the beginning of an answer, where servers do not part the two themselves."""

    def __init__(self) -> None:
        self._held = ""
        self._is_inside = False
        self._has_answer = False
        self._was_inside = False

    def read(self, text: str) -> str:
        """Take in text and return what of it belongs to the answer, as soon as that is certain."""
        if self._has_answer or not text:
            return text
        self._held += text
        if not self._is_inside and not self._was_inside:
            start = self._held.lstrip()
            if BEGIN.startswith(start[: len(BEGIN)]) and len(start) < len(BEGIN):
                return ""
            self._is_inside = start.startswith(BEGIN)
        if self._is_inside:
            _, found, rest = self._held.partition(END)
            if not found:
                # The mark may be cut in two; the rest is never needed again.
                self._held = self._held[-len(END) :]
                return ""
            self._held, self._is_inside, self._was_inside = rest, False, True
        if self._was_inside:
            self._held = self._held.lstrip()
        return self.finish() if self._held else ""

    def finish(self) -> str:
        """Return what was held back because it might have been the beginning of a thought."""
        if self._is_inside:
            return ""
        held, self._held = self._held, ""
        self._has_answer = bool(held)
        return held
