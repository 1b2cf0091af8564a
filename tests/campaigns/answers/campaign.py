"""Four phases, one after another: lines cut, writers killed, answers stopped, Redis starved; then the checks."""

import argparse
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

import numpy as np

from tests.campaigns.answers import checks
from tests.campaigns.answers.cutting import cut
from tests.campaigns.answers.house import Asked, House, Say
from tests.campaigns.answers.killing import kill
from tests.campaigns.answers.starving import starve
from tests.campaigns.answers.stopping import stop
from tests.campaigns.protections import OF_ANSWERS
from tests.campaigns.report import Report

INTERRUPTED_SECONDS = 15.0
CLOSED_SECONDS = 1.0
# A server that has lost Redis looks at PostgreSQL every few seconds.
STILL_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are to be of each.

    Attributes:
        answers: Whose readers are cut off.
        kills: Writers killed.
        freezes: Writers frozen past their lease.
        stops: Answers stopped.
        pauses: Of Redis.
        wipes: Of Redis.
        redis_kills: Of Redis.
        pause_milliseconds: How long Redis stands still.
    """

    answers: int = 1_000
    kills: int = 70
    freezes: int = 30
    stops: int = 200
    pauses: int = 50
    wipes: int = 20
    redis_kills: int = 10
    pause_milliseconds: int = 5_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a command line what this campaign is told by."""
    for name, usual in asdict(Counts()).items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=int, default=usual, metavar="N", help=f"{usual} unless given"
        )
    parser.add_argument("--without", choices=OF_ANSWERS, default="", help="a control: must end with 1")


@dataclass(slots=True)
class Campaign:
    """One run."""

    house: House
    counts: Counts
    say: Say
    report: Report = field(default_factory=Report)

    @classmethod
    @asynccontextmanager
    async def open(cls, counts: Counts, seed: int, *, say: Say, without: str = "") -> "AsyncIterator[Campaign]":
        """Start everything; end it afterwards."""
        async with House.open(seed, without=without) as house:
            yield cls(house, counts, say)

    async def run(self) -> Report:
        """Do everything, and check."""
        started, counts = time.monotonic(), self.counts
        self.say(f"{counts.answers} answers whose readers are cut off")
        self._check_cuts(await cut(self.house, counts.answers, self.say))
        self.say(f"{counts.stops} answers stopped")
        self._check_stops(*await stop(self.house, counts.stops))
        self.say(f"{counts.kills} writers killed, {counts.freezes} frozen")
        self._check_blows(await kill(self.house, counts.kills, counts.freezes, self.say))
        self.say(f"Redis paused {counts.pauses} times, wiped {counts.wipes}, killed {counts.redis_kills}")
        self._check_silence(
            await starve(
                self.house,
                counts.pauses,
                counts.wipes,
                counts.redis_kills,
                self.say,
                pause_seconds=counts.pause_milliseconds / 1_000,
            )
        )
        self.report.figures["it took"] = f"{time.monotonic() - started:.0f} s"
        await self._check_all()
        return self.report

    def _figures(self, **figures: str) -> None:
        """Note figures, and say them at once: a run may be cut short."""
        for name, figure in figures.items():
            what = name.replace("_", " ")
            self.report.figures[what] = figure
            self.say(f"       {what}: {figure}")

    async def _check_all(self) -> None:
        stored, every = await self.house.stored(), self.house.asked
        views = [(one, stored.get(one.row_id)) for one in every]
        check = self.report.check
        check(
            "text put together is the stored text", _all(checks.torn(one.name, one.view, kept) for one, kept in views)
        )
        check("sources first, one terminal event", _all(checks.disordered(one.name, one.view) for one in every))
        whole = (checks.truncated(one.name, kept, one.tale.text, one.expected) for one, kept in views)
        check("nothing COMPLETED is cut, all end as they must", _all(whole))
        told = (checks.rewritten(one.name, one.view.finished, kept) for one, kept in views)
        check("nobody writes after the end", _all(told))
        check("nothing else was wrong", _all(one.flaws for one in every))
        unasked = stored.keys() - {one.row_id for one in every}
        check("every question was asked once", [f"{row_id} is of no question" for row_id in unasked])

    def _check_cuts(self, answers: Sequence[Asked]) -> None:
        views = [one.view for one in answers]
        cuts = [view.cuts for view in views]
        self._figures(
            answers_whose_readers_were_cut_off=_fates(answers),
            lines_cut=f"{sum(cuts)}, at most {max(cuts, default=0)} of one",
            events_seen=str(sum(len(view.events) for view in views)),
            longest_silence_of_a_reader=_spread([view.silence_seconds for view in views]),
        )
        self.report.check("no reader stood still", self._stills(answers))

    def _check_stops(self, answers: Sequence[Asked], closed: Sequence[float]) -> None:
        self._figures(stopped=_fates(answers), provider_s_stream_closed_after_it_was_asked_for=_spread(closed))
        found = checks.slow("closed", 95, closed, seconds_max=CLOSED_SECONDS)
        self.report.check("95 % of stops reach the provider within 1 s", found)

    def _check_blows(self, answers: Sequence[Asked]) -> None:
        pairs = [(one, one.struck_at) for one in answers if one.struck_at is not None]
        ends = [one.view.finished.at - at for one, at in pairs if one.view.finished is not None]
        self._figures(answers_whose_writers_were_struck=_fates(answers), seen_to_have_ended_after_that=_spread(ends))
        found = _all(checks.late(one.name, one.view, at, seconds_max=INTERRUPTED_SECONDS) for one, at in pairs)
        self.report.check("INTERRUPTED within 15 s", found)

    def _check_silence(self, answers: Sequence[Asked]) -> None:
        self._figures(
            answers_while_Redis_starved=_fates(answers),
            longest_silence_of_a_reader_then=_spread([one.view.silence_seconds for one in answers]),
        )
        self.report.check("no subscription hangs while Redis is away", self._stills(answers))

    def _stills(self, answers: Sequence[Asked]) -> list[str]:
        return _all(checks.silent(one.name, one.view, seconds_max=STILL_SECONDS) for one in answers)


def _all(found: Iterable[list[str]]) -> list[str]:
    return [line for lines in found for line in lines]


def _fates(answers: Sequence[Asked]) -> str:
    ends = Counter(one.view.finished.status if one.view.finished else "no end seen" for one in answers)
    return ", ".join(f"{count} {status}" for status, count in ends.most_common()) or "none"


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    p50, p95, p99 = (float(np.percentile(seconds, share)) for share in (50, 95, 99))
    return f"p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s, longest {max(seconds):.2f} s, of {len(seconds)}"
