"""How an upload looks where no person watches: a line for each step, nothing repainted."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import typer

from lexora_gql.terminal.files import LocalFile
from lexora_gql.terminal.plain_text import file_size, one_line


class UploadLines:
    """The display for logs and pipes."""

    def __init__(self) -> None:
        self._said: dict[LocalFile, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing to be undone."""

    def sending(self, file: LocalFile, sent_bytes: int) -> None:
        """See the protocol."""
        self._say(file, f"uploading {file_size(file.byte_size)}")

    def reading(self, file: LocalFile, document: Mapping[str, Any]) -> None:
        """See the protocol."""
        self._say(file, str(document["progress"]["stage"]).lower())

    def ready(self, file: LocalFile, document: Mapping[str, Any], *, seconds: float, is_duplicate: bool) -> None:
        """See the protocol."""
        self._say(file, f"READY {outcome(document, seconds=seconds, is_duplicate=is_duplicate)}")
        for warning in document["warnings"]:
            typer.echo(f"{one_line(file.name)}: {one_line(warning)}")

    def failed(self, file: LocalFile, reason: str) -> None:
        """See the protocol."""
        self._say(file, f"FAILED {reason}")

    def _say(self, file: LocalFile, what: str) -> None:
        if self._said.get(file) != what:
            self._said[file] = what
            typer.echo(f"{one_line(file.name)}: {what}")


def outcome(document: Mapping[str, Any], *, seconds: float, is_duplicate: bool) -> str:
    """Return what a READY document has become."""
    pages, chunks = document["pageCount"], document["chunkCount"]
    counts = [] if pages is None else [f"{pages} page{'' if pages == 1 else 's'}"]
    counts.append(f"{chunks} chunk{'' if chunks == 1 else 's'}")
    counts.append("was there already" if is_duplicate else f"{seconds:.1f} s")
    return ", ".join(counts)
