"""The three campaigns on the index, one after another; long by `ops/chaos index`."""

import argparse
import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from lexora_gql.embedded.postgres import EmbeddedPostgres
from tests.campaigns.index import changing, spoiling
from tests.campaigns.index.forgeries import FORGERIES
from tests.campaigns.index.watching import WatchedIndex
from tests.campaigns.report import Report
from tests.database import connect, create_database
from tests.end_to_end.stack import reachable_folder
from tests.shared_data import PROJECT


@dataclass(frozen=True, slots=True)
class Counts:
    """How long each of them is.

    Attributes:
        steps: Of two processes that add, delete, replace, share and search.
        seconds: During which threads search what is being changed.
        threads: How many of them.
        snapshots: To be damaged.
    """

    steps: int = 5_000
    seconds: int = 60
    threads: int = 8
    snapshots: int = 1_000


class Hurried(TypedDict):
    """What the searches during changes say at their end."""

    searches: int
    changes: int
    wrong: list[str]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a command line what these campaigns are told by."""
    for name, normal in asdict(Counts()).items():
        parser.add_argument(f"--{name}", type=int, default=normal, metavar="N", help=f"{normal} unless given")
    parser.add_argument("--without", choices=sorted(FORGERIES), default="", help="a control: must end with 1")


async def run(counts: Counts, seed: int, *, say: Callable[[str], None], without: str = "") -> Report:
    """Run one after another.

    Args:
        say: Told what begins.
        without: A protection that is taken out of the index that changes in steps.
    """
    report, folder = Report(), reachable_folder()
    try:
        say(f"{counts.steps} steps on two processes")
        await _changing(report, folder, counts.steps, seed, FORGERIES[without] if without else WatchedIndex)
        say(f"{counts.snapshots} damaged snapshots")
        await _spoiling(report, folder / "snapshots", counts.snapshots, seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"{counts.seconds} s of searches in {counts.threads} threads during changes")
    await _hurrying(report, counts, seed)
    return report


async def _changing(report: Report, folder: Path, steps: int, seed: int, kind: type[WatchedIndex]) -> None:
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    try:
        await postgres.start()
        database = connect(await create_database(postgres.url))
        outcome = await changing.run(database, folder / "house", steps=steps, seed=seed, kind=kind)
        await database.dispose()
    finally:
        await postgres.stop()
    report.figures["steps"] = str(outcome.steps.total())
    report.figures["rankings compared"] = str(outcome.rankings)
    report.check("searches equal brute force over PostgreSQL", outcome.wrong)


async def _spoiling(report: Report, folder: Path, snapshots: int, seed: int) -> None:
    outcome = await spoiling.run(folder, snapshots=snapshots, seed=seed)
    report.figures["damaged snapshots"] = str(outcome.damages.total())
    report.figures["shards of them opened, built anew"] = f"{outcome.opened}, {outcome.rebuilt}"
    report.check("damaged snapshots give no wrong result", outcome.wrong)


async def _hurrying(report: Report, counts: Counts, seed: int) -> None:
    # In a process of its own: a crash of a library would end this one without a word.
    arguments = ("-P", "-m", "tests.campaigns.index.hurry", *map(str, (counts.seconds, counts.threads, seed)))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=PROJECT, stdout=PIPE)
    output, _ = await process.communicate()
    nothing: Hurried = {"searches": 0, "changes": 0, "wrong": []}
    hurried: Hurried = json.loads(output) if output else nothing
    report.figures["searches during changes"] = f"{hurried['searches']} during {hurried['changes']}"
    report.check("searches during changes find nothing deleted or foreign", hurried["wrong"])
    report.check("searches during changes do not crash", [f"exit code {process.returncode}"] * bool(process.returncode))
