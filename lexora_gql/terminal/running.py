"""From a command's coroutine to its exit code."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress

import typer

from lexora_gql.settings import WrongSettings
from lexora_gql.terminal.errors import INTERRUPTED, USAGE, CannotGoOn


def run(work: Callable[[], Coroutine[None, None, int]]) -> None:
    """Run a command that waits for others; see `end_with`."""
    # What libraries log about a broken connection would come between the lines that say so.
    logging.getLogger().addHandler(logging.NullHandler())
    end_with(lambda: asyncio.run(work()))


def end_with(work: Callable[[], int]) -> None:
    """Run a command to its end; every reason not to get there is a line on standard error.

    Raises:
        typer.Exit: With the exit code, where it is not 0.
    """
    try:
        code = work()
    except CannotGoOn as error:
        complain(str(error))
        code = error.exit_code
    except WrongSettings as error:
        complain(*error.lines)
        code = USAGE
    except (KeyboardInterrupt, asyncio.CancelledError, typer.Abort):
        code = INTERRUPTED
    if code:
        raise typer.Exit(code)


def complain(*lines: str) -> None:
    """Say on standard error why a command ends."""
    for line in lines:
        typer.echo(f"lexora: {line}", err=True)


def tolerate_narrow_terminals() -> None:
    """Let characters that a terminal cannot show become question marks."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a test's stream may not have it
