"""How `lexora evaluate` shows what was measured: a table for people, JSON for programs and for later comparisons."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from lexora_gql.settings import Settings
from lexora_gql.terminal.errors import USAGE, CannotGoOn
from lexora_gql.terminal.plain_text import one_line

METHODS = ("wording", "meaning", "fused", "reranked")
MEASURES = ("ndcg@10", "recall@10", "hit@4", "mrr")
LATENCIES = ("p50_ms", "p95_ms")
SECRET = ("key", "secret", "password", "url")

_CHANGE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)", re.DOTALL)

Configuration = Mapping[str, Any]
"""What was measured with one configuration, as JSON has it."""


def changes_of(wanted: Sequence[str]) -> dict[str, Any]:
    """Return the settings that `--compare` changes, by their names in the settings; an empty value is the default.

    Raises:
        CannotGoOn: One is no setting.
    """
    found: dict[str, Any] = {}
    for each in wanted:
        if match := _CHANGE.fullmatch(each):
            name = match[1].lower()
            if name not in Settings.model_fields:
                raise CannotGoOn(f"{match[1]} is no setting.", exit_code=USAGE)
            found[name] = match[2] or Settings.model_fields[name].default
    return found


def files_of(wanted: Sequence[str]) -> list[Path]:
    """Return the earlier results that `--compare` names."""
    return [Path(each) for each in wanted if not _CHANGE.fullmatch(each)]


def label_of(changes: Mapping[str, Any]) -> str:
    """Return what a configuration is called that differs in these settings; secrets are not shown."""
    shown = {name: "…" if any(part in name for part in SECRET) else value for name, value in changes.items()}
    return ", ".join(f"{name.upper()}={one_line(str(value or ''))}" for name, value in shown.items())


def read_results(path: Path) -> list[Configuration]:
    """Read what `--json` wrote.

    Raises:
        CannotGoOn: It is something else.
    """
    try:
        configurations = json.loads(path.read_text(encoding="utf-8"))["configurations"]
        for one in configurations:
            for method in one["methods"].values():
                for name in (*MEASURES, *LATENCIES):
                    float(method[name])
            str(one["label"]), str(one["set"])
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}; --compare takes NAME=VALUE, or a file written by --json."
        raise CannotGoOn(reason, exit_code=USAGE) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CannotGoOn(f"{path} was not written by `lexora evaluate --json`.", exit_code=USAGE) from None
    return [{**one, "label": f"{path.name}: {one['label']}"} for one in configurations]


def as_json(configurations: Sequence[Configuration]) -> str:
    """Return everything for programs."""
    return json.dumps({"configurations": list(configurations)}, ensure_ascii=False, indent=2)


class Bars:
    """Shows how far it is: a bar on a terminal, nothing elsewhere."""

    def __init__(self, label: str) -> None:
        """Take what is measured."""
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._label = label
        self._task = self._progress.add_task(label, total=None)

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Show how much of a stage is done."""
        self._progress.update(self._task, description=f"{self._label}: {stage}", completed=done, total=total)


def show(configurations: Sequence[Configuration], console: Console) -> None:
    """Print a table: a line for each method of each configuration, with the difference from the first one's."""
    first = configurations[0]
    table = Table("", *MEASURES, *LATENCIES, title=_title(first), title_justify="left")
    for letter, one in zip(ascii_uppercase, configurations, strict=False):
        if len(configurations) > 1:
            table.add_section()
            table.add_row(Text(letter, style="bold"))
        for name in METHODS:
            if name in one["methods"]:
                before = first["methods"].get(name) if one is not first else None
                table.add_row(name, *_cells(one["methods"][name], before))
    console.print(table)
    for letter, one in zip(ascii_uppercase, configurations, strict=False):
        console.print(Text(f"{letter}: {_about(one)}" if len(configurations) > 1 else _about(one)))


def _title(first: Configuration) -> str:
    return one_line(f"{first['set']}: {first['documents']:,} documents, {first['queries']:,} queries")


def _about(one: Configuration) -> str:
    parts = [f"{one['label']}: {one['passages']:,} passages by {one['embedder']}"]
    parts.append(f"{one['passages_per_second']:,.0f} embedded a second")
    if one["reranker"] is not None:
        failed = f", which failed for {one['reranker_failures']:,} queries" if one["reranker_failures"] else ""
        parts.append(f"reranked by {one['reranker']}{failed}")
    if one["queries_left_out"]:
        parts.append(f"{one['queries_left_out']:,} queries have nothing relevant and are left out")
    return one_line("; ".join(parts) + ".", characters_max=400)


def _cells(now: Mapping[str, float], before: Mapping[str, float] | None) -> list[str]:
    cells = []
    for name in MEASURES:
        difference = f" ({now[name] - before[name]:+.3f})" if before else ""
        cells.append(f"{now[name]:.3f}{difference}")
    return cells + [f"{now[name]:.1f}" for name in LATENCIES]
