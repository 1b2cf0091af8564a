"""`lexora export-schema`: the contract as files, and whether they still are what the server offers."""

import difflib
from collections.abc import Mapping
from pathlib import Path

import typer
from graphql import build_schema

from lexora_gql.terminal.contract.breaking import ANNOUNCEMENT, changes
from lexora_gql.terminal.contract.manifest import manifest
from lexora_gql.terminal.contract.markdown import Weight
from lexora_gql.terminal.contract.reference import reference
from lexora_gql.terminal.errors import FAILED, CannotGoOn

CONTRACT = Path(__file__).resolve().parents[3] / "schema"
RELEASED = "released.graphql"

Weights = Mapping[str, Weight]
"""What fields cost, by "Type.field"."""


def made(sdl: str, weights: Weights, folder: Path) -> dict[Path, str]:
    """Return what belongs into those files of the contract's folder that nobody edits."""
    schema = build_schema(sdl)
    return {
        folder / "reference.md": reference(schema, weights, _read(folder / "README.md")),
        folder / "lexora.graphql": sdl,
        folder / "operations" / "manifest.json": manifest(schema, folder / "operations"),
    }


def export(sdl: str, weights: Weights, path: Path | None) -> int:
    """Write the schema into a file, or all that is made from it into a folder; print it where none is named.

    Returns:
        The exit code.
    """
    if path is None:
        typer.echo(sdl, nl=False)
        return 0
    for file, text in _wanted(sdl, weights, path).items():
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotGoOn(f"{file} cannot be written: {error.strerror}.") from None
    return 0


def check(sdl: str, weights: Weights, path: Path | None) -> int:
    """Compare with a file, or with a folder, the checkout's where none is named; print how they differ.

    Of a folder, the last release is compared, too.

    Returns:
        1 when they differ, or when something breaks clients of the last release without a word in the history.
    """
    path = path or CONTRACT
    difference = "".join(_difference(file, text) for file, text in _wanted(sdl, weights, path).items())
    typer.echo(difference, nl=False)
    breaking = path.is_dir() and _breaks_clients(sdl, path)
    return FAILED if difference or breaking else 0


def _breaks_clients(sdl: str, folder: Path) -> bool:
    history = folder / "CHANGES.md"
    found = changes(build_schema(_read(folder / RELEASED)), build_schema(sdl), _read(history))
    for line in found.unannounced:
        typer.echo(f"Breaks clients of the last release: {line} Announce it in {history}: {ANNOUNCEMENT}{line}")
    for line in found.dangerous:
        typer.echo(f"Worth a line in {history}, since it may surprise clients: {line}")
    return bool(found.unannounced)


def _wanted(sdl: str, weights: Weights, path: Path) -> dict[Path, str]:
    return made(sdl, weights, path) if path.is_dir() else {path: sdl}


def _difference(file: Path, text: str) -> str:
    written = _read(file)
    return "".join(
        difflib.unified_diff(
            written.splitlines(keepends=True), text.splitlines(keepends=True), str(file), "what the server offers"
        )
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CannotGoOn(f"{file} cannot be read: {reason}.") from None
