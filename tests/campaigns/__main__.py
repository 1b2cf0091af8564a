"""Runs a campaign in its long form; see `ops/chaos`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict, replace
from typing import Any

from tests.campaigns.answers import campaign as answers_campaign
from tests.campaigns.index import campaign as index_campaign
from tests.campaigns.ingestion.campaign import Campaign
from tests.campaigns.ingestion.plan import CONTROL, Counts
from tests.campaigns.protections import OF_INGESTION
from tests.campaigns.report import Report

SEED = 20_261_128
NAMES = ("documents", "kills", "freezes", "redis", "postgres", "stops", "api_kills", "deletions")


async def ingestion(options: argparse.Namespace) -> Report:
    """Faults while documents are taken in and read."""
    usual = CONTROL if options.without else Counts()
    given = {name: value for name in NAMES if (value := getattr(options, name)) is not None}
    counts = replace(usual, **given)
    # Half of them at points.
    counts = replace(counts, kills_at_points=(counts.kills + 1) // 2, freezes_at_points=(counts.freezes + 1) // 2)
    async with Campaign.open(counts, options.seed, say=say, without=options.without) as campaign:
        return await campaign.run(options.seed)


async def answers(options: argparse.Namespace) -> Report:
    """Faults while answers are written and read."""
    counts = answers_campaign.Counts(**{name: getattr(options, name) for name in asdict(answers_campaign.Counts())})
    async with answers_campaign.Campaign.open(counts, options.seed, say=say, without=options.without) as campaign:
        return await campaign.run()


async def index(options: argparse.Namespace) -> Report:
    """Searches of an index that is changed, and damaged, all the while."""
    counts = index_campaign.Counts(options.steps, options.seconds, options.threads, options.snapshots)
    return await index_campaign.run(counts, options.seed, say=say, without=options.without)


CAMPAIGNS: dict[str, Callable[[argparse.Namespace], Coroutine[Any, Any, Report]]] = {
    "ingestion": ingestion,
    "index": index,
    "answers": answers,
}


def main(arguments: list[str]) -> int:
    """Run a campaign, print its report, and return 1 where a check does not hold."""
    options = _parser().parse_args(arguments)
    without = f", without the {options.without}" if options.without else ""
    say(f"Campaign: {options.campaign}, seed {options.seed}{without}")
    report = asyncio.run(CAMPAIGNS[options.campaign](options))
    print(report.table())
    say("A check does not hold." if report.violated else "Every check holds.")
    return 1 if report.violated else 0


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ops/chaos", description="Faults by the hundred, and what must hold after.")
    campaigns = parser.add_subparsers(dest="campaign", metavar="CAMPAIGN", required=True)
    reading = campaigns.add_parser("ingestion", help=ingestion.__doc__)
    for name in NAMES:
        option, usual = (
            f"--{name.replace('_', '-')}",
            f"{getattr(Counts(), name)}, of a control {getattr(CONTROL, name)}",
        )
        reading.add_argument(option, type=int, metavar="N", help=usual)
    reading.add_argument("--seed", type=int, default=SEED, metavar="N")
    reading.add_argument("--without", choices=OF_INGESTION, default="", help="a control: must end with 1")
    searching = campaigns.add_parser("index", help=index.__doc__)
    searching.add_argument("--seed", type=int, default=SEED, metavar="N")
    index_campaign.add_options(searching)
    following = campaigns.add_parser("answers", help=answers.__doc__)
    following.add_argument("--seed", type=int, default=SEED, metavar="N")
    answers_campaign.add_options(following)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
