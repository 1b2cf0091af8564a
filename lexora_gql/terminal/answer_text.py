"""How an answer looks in a terminal: its text as it comes, then what backs it."""

import re
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from lexora_gql.terminal.asking import why_it_failed
from lexora_gql.terminal.plain_text import one_line, printable

MARKER = re.compile(r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
# What may become a marker with the next piece.
BEGUN_MARKER = re.compile(r"\[[\d,\s]{0,20}\Z")
QUOTE_CHARACTERS = 160
COLOURS = {"EXACT": "green", "NORMALIZED": "green", "SUPPORTED": "yellow", "UNSUPPORTED": "red"}
NO_EVIDENCE_LINE = "Nothing in the documents answers this."


class AnswerText:
    """The display for people, and for pipes: colours only where there is a terminal."""

    def __init__(self, console: Console, errors: Console) -> None:
        """Take standard output and standard error."""
        self._console = console
        self._errors = errors
        self._text = ""
        self._held_back = ""

    def text(self, offset: int, text: str) -> None:
        """See the protocol."""
        if offset < len(self._text):
            # What has been printed cannot be taken back; so it is said again from the beginning.
            self._text = self._text[:offset]
            self._write("\n\n")
            self._held_back, text, self._text = "", self._text + text, ""
        self._text += text
        pending = self._held_back + text
        begun = BEGUN_MARKER.search(pending)
        cut = begun.start() if begun else len(pending)
        self._held_back = pending[cut:]
        self._write(pending[:cut])

    def finished(self, conversation_id: str, message: Mapping[str, Any]) -> None:
        """See the protocol."""
        content = str(message["content"])
        if content.startswith(self._text):
            self.text(len(self._text), content[len(self._text) :])
        self.end()
        if message["status"] != "COMPLETED":
            self._errors.print(Text(f"lexora: {why_it_failed(message)}", style="red"), soft_wrap=True)
            return
        if message["mode"] == "NO_EVIDENCE" and not content.strip():
            self._errors.print(Text(f"lexora: {NO_EVIDENCE_LINE}", style="yellow"), soft_wrap=True)
        self._sources(message)

    def end(self) -> None:
        """Leave the cursor at the beginning of a line."""
        self._write(self._held_back)
        self._held_back = ""
        if self._text and not self._text.endswith("\n"):
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            styled = Text(printable(text))
            styled.highlight_regex(MARKER, "bold cyan")
            self._console.print(styled, end="", soft_wrap=True)

    def _sources(self, message: Mapping[str, Any]) -> None:
        if message["citations"]:
            self._console.print()
        for citation in _distinct(message["citations"]):
            page = "" if citation["page"] is None else f", page {citation['page']}"
            verification = str(citation["verification"])
            line = Text(f"[{citation['marker']}] ", style="bold cyan")
            line.append(f"{one_line(citation['filename'])}{page}", style="not bold default")
            line.append(
                f", “{one_line(citation['quote'], characters_max=QUOTE_CHARACTERS)}” ", style="not bold default"
            )
            line.append(verification.lower(), style=f"not bold {COLOURS.get(verification, 'default')}")
            self._console.print(line, soft_wrap=True)


def _distinct(citations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return citations by number, each quote of a source once."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for each in citations:
        found.setdefault((each["marker"], each["quote"]), each)
    return sorted(found.values(), key=lambda each: int(each["marker"]))
