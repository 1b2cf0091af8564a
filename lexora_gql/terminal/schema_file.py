"""`lexora export-schema`: the contract as a file, and whether it still is what the server offers."""

import difflib
from pathlib import Path

import typer

from lexora_gql.terminal.errors import FAILED, CannotGoOn

SCHEMA = Path(__file__).resolve().parents[2] / "schema" / "lexora.graphql"


def export(sdl: str, path: Path | None) -> int:
    """Write the schema into a file, or print it where none is named; return the exit code."""
    if path is None:
        typer.echo(sdl, nl=False)
        return 0
    try:
        path.write_text(sdl, encoding="utf-8")
    except OSError as error:
        raise CannotGoOn(f"{path} cannot be written: {error.strerror}.") from None
    return 0


def check(sdl: str, path: Path | None) -> int:
    """Compare the schema with a file, the checkout's where none is named; print how they differ.

    Returns:
        1 when they do.
    """
    path = path or SCHEMA
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOn(f"{path} cannot be read: {error}.") from None
    lines = difflib.unified_diff(
        written.splitlines(keepends=True), sdl.splitlines(keepends=True), str(path), "what the server offers"
    )
    difference = "".join(lines)
    typer.echo(difference, nl=False)
    return FAILED if difference else 0
