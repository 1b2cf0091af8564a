"""Whoever sits at the terminal, if anybody does."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class Person:
    """Answers questions; asked on standard error, so that standard output stays clean."""

    @property
    def is_there(self) -> bool:
        """Whether somebody can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, label: str, *, default: str | None = None) -> str:
        """Ask for a line."""
        with _interruptible():
            return str(typer.prompt(label, default=default, err=True))

    def ask_secret(self, label: str, *, twice: bool = False) -> str:
        """Ask for a line that is not shown."""
        with _interruptible():
            return str(typer.prompt(label, hide_input=True, confirmation_prompt=twice, err=True))

    def confirm(self, question: str) -> bool:
        """Ask for yes or no; no is the default."""
        with _interruptible():
            return bool(typer.confirm(question, err=True))

    def say(self, line: str) -> None:
        """Tell something."""
        typer.echo(line, err=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    # asyncio's handler only cancels a task, and none runs while we wait for a line.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
