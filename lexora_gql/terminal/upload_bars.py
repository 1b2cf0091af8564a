"""How an upload looks in a terminal: a bar for each file under way, a line for each that is done."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from lexora_gql.terminal.files import LocalFile
from lexora_gql.terminal.plain_text import file_size, one_line
from lexora_gql.terminal.upload_lines import outcome

NAME_CHARACTERS = 36
# The part of a bar that sending takes: for most files it is the shorter one.
SENDING = 0.25
# More bars than that push each other off the screen.
BARS_MAX = 10


class UploadBars:
    """The display for people; bars go as their files are done, and the lines above them stay."""

    def __init__(self, console: Console, files_total: int) -> None:
        """Take a terminal.

        Args:
            console: Of standard output.
            files_total: With more than one, a bar below the others counts them.
        """
        self._progress = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True, ratio=3)),
            BarColumn(bar_width=None, table_column=Column(ratio=3)),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[stage]}", table_column=Column(no_wrap=True, ratio=2)),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            expand=True,
        )
        self._tasks: dict[LocalFile, TaskID] = {}
        self._total = (
            self._progress.add_task("[bold]all files", total=files_total, stage="") if files_total > 1 else None
        )
        self._done = 0
        self._files_total = files_total

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def sending(self, file: LocalFile, sent_bytes: int) -> None:
        """See the protocol."""
        stage = f"uploading {file_size(file.byte_size)}"
        self._show(file, SENDING * sent_bytes / max(file.byte_size, 1), stage)

    def reading(self, file: LocalFile, document: Mapping[str, Any]) -> None:
        """See the protocol."""
        progress = document["progress"]
        stage = str(progress["stage"]).lower()
        if progress.get("total"):
            stage = f"{stage} {progress['done']}/{progress['total']}"
        is_waiting = document["status"] == "PENDING"
        self._show(file, SENDING + (1 - SENDING) * progress["fraction"], stage, is_waiting=is_waiting)

    def ready(self, file: LocalFile, document: Mapping[str, Any], *, seconds: float, is_duplicate: bool) -> None:
        """See the protocol."""
        line = escape(outcome(document, seconds=seconds, is_duplicate=is_duplicate))
        self._end(file, f"[green]✓[/] {escape(one_line(file.name))}  [dim]{line}[/]")
        for warning in document["warnings"]:
            self._progress.console.print(f"  [yellow]{escape(one_line(warning))}[/]", highlight=False)

    def failed(self, file: LocalFile, reason: str) -> None:
        """See the protocol."""
        self._end(file, f"[red]✗[/] {escape(one_line(file.name))}  [red]{escape(reason)}[/]")

    def _show(self, file: LocalFile, fraction: float, stage: str, *, is_waiting: bool = False) -> None:
        task = self._tasks.get(file)
        if task is None:
            name = escape(one_line(file.name, characters_max=NAME_CHARACTERS))
            task = self._tasks[file] = self._progress.add_task(name, total=1.0, stage=stage)
        is_visible = not is_waiting or len(self._tasks) <= BARS_MAX
        self._progress.update(task, completed=fraction, stage=stage, visible=is_visible)

    def _end(self, file: LocalFile, line: str) -> None:
        task = self._tasks.pop(file, None)
        if task is not None:
            self._progress.remove_task(task)
        self._done += 1
        if self._total is not None:
            self._progress.update(self._total, completed=self._done, stage=f"{self._done} of {self._files_total}")
        self._progress.console.print(line, highlight=False)
