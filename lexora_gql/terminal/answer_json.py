"""An answer as one JSON object on standard output, for programs."""

import json
from collections.abc import Mapping
from typing import Any

import typer

FIELDS = ("id", "status", "mode", "model", "content", "citations", "failure")


class AnswerJson:
    """The display for programs; says nothing before the end."""

    def text(self, offset: int, text: str) -> None:
        """Wait for the end."""

    def finished(self, conversation_id: str, message: Mapping[str, Any]) -> None:
        """See the protocol."""
        answer = {"conversationId": conversation_id} | {name: message.get(name) for name in FIELDS}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))

    def end(self) -> None:
        """Leave nothing behind."""
