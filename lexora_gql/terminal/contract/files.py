"""`lexora export-schema`: the contract as files, and whether they still are what the server offers."""

import difflib
from pathlib import Path

import typer
from graphql import build_schema

from lexora_gql.terminal.contract.manifest import manifest
from lexora_gql.terminal.errors import FAILED, CannotGoOn

CONTRACT = Path(__file__).resolve().parents[3] / "schema"


def made(sdl: str, folder: Path) -> dict[Path, str]:
    """Return what belongs into those files of the contract's folder that nobody edits."""
    schema = build_schema(sdl)
    return {
        folder / "lexora.graphql": sdl,
        folder / "operations" / "manifest.json": manifest(schema, folder / "operations"),
    }


def export(sdl: str, path: Path | None) -> int:
    """Write the schema into a file, or all that is made from it into a folder; print it where none is named.

    Returns:
        The exit code.
    """
    if path is None:
        typer.echo(sdl, nl=False)
        return 0
    for file, text in _wanted(sdl, path).items():
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotGoOn(f"{file} cannot be written: {error.strerror}.") from None
    return 0


def check(sdl: str, path: Path | None) -> int:
    """Compare with a file, or with a folder, the checkout's where none is named; print how they differ.

    Returns:
        1 when they do.
    """
    difference = "".join(_difference(file, text) for file, text in _wanted(sdl, path or CONTRACT).items())
    typer.echo(difference, nl=False)
    return FAILED if difference else 0


def _wanted(sdl: str, path: Path) -> dict[Path, str]:
    return made(sdl, path) if path.is_dir() else {path: sdl}


def _difference(file: Path, text: str) -> str:
    try:
        written = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOn(f"{file} cannot be read: {error}.") from None
    return "".join(
        difflib.unified_diff(
            written.splitlines(keepends=True), text.splitlines(keepends=True), str(file), "what the server offers"
        )
    )
