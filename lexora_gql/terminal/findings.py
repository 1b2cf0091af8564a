"""What the doctor finds out, and how it is shown."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexora_gql.terminal.plain_text import one_line


class State(StrEnum):
    """How bad it is."""

    GOOD = "ok"
    UNUSED = "-"
    DEGRADED = "warning"
    BROKEN = "BROKEN"


COLOURS = {State.GOOD: "green", State.UNUSED: "dim", State.DEGRADED: "yellow", State.BROKEN: "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        subject: Such as "PostgreSQL".
        detail: Never holds a secret.
    """

    subject: str
    state: State
    detail: str


Probe = Callable[[], Awaitable[Sequence[Finding]]]


def show(findings: Sequence[Finding], settings: Sequence[tuple[str, str]]) -> None:
    """Print settings and findings: tables in a terminal, plain lines elsewhere."""
    console = Console()
    if not console.is_terminal:
        for name, value in settings:
            typer.echo(f"{name}={one_line(value)}")
        for each in findings:
            typer.echo(f"{each.state}: {each.subject}: {one_line(each.detail)}")
        return
    configured = Table("Setting", "Value", title="What is set", title_justify="left")
    for name, value in settings:
        configured.add_row(Text(name), Text(one_line(value)))
    found = Table("What", "", "Finding", title="What answers", title_justify="left")
    for each in findings:
        found.add_row(Text(each.subject), Text(each.state, style=COLOURS[each.state]), Text(one_line(each.detail)))
    console.print(configured, found)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 when something that is needed is broken."""
    return int(any(each.state is State.BROKEN for each in findings))
