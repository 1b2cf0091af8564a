"""All of the real and hostile documents through the API: each must end as its manifest says, while search goes on."""

import asyncio
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.end_to_end.client import Client, Json
from tests.end_to_end.searching import Searcher, searching

UPLOADS_AT_ONCE = 8
SEARCHES_WHEN_IDLE = 100
# What a hostile document may never end with: that would be our fault, not the document's.
OUR_FAULTS = {"INTERNAL", "WORKER_LOST"}


@dataclass(frozen=True, slots=True)
class Sample:
    """A document of the manifest; `expected` is parse, empty-text or error, or several of them with | between."""

    path: Path
    expected: str

    @property
    def outcomes(self) -> set[str]:
        """The ends that are fine."""
        return set(self.expected.split("|"))


@dataclass(slots=True)
class Report:
    """What became of the documents.

    Attributes:
        ended: How many ended, in whatever way.
        seconds: From the first upload to the last end.
        slowest_seconds: From acceptance to end, of the document that took longest.
        slowest: Which that is.
        surprises: One line per document that did not end as it should.
        before_milliseconds: Of searches before the uploads.
        meanwhile_milliseconds: Of searches during the uploads.
        after_milliseconds: Of searches when all had ended.
    """

    ended: int = 0
    seconds: float = 0.0
    slowest_seconds: float = 0.0
    slowest: str = ""
    surprises: list[str] = field(default_factory=list)
    before_milliseconds: list[float] = field(default_factory=list)
    meanwhile_milliseconds: list[float] = field(default_factory=list)
    after_milliseconds: list[float] = field(default_factory=list)

    def note(self, surprise: str | None) -> None:
        """Count an end."""
        self.ended += 1
        if surprise is not None:
            self.surprises.append(surprise)

    def time(self, sample: Sample, state: Json) -> None:
        """Keep a document that took longer than those before, by the server's clock."""
        began, ended = (datetime.fromisoformat(at) for at in (state["createdAt"], state["progress"]["updatedAt"]))
        if (seconds := (ended - began).total_seconds()) > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, sample.path.name


def samples(docs: Path) -> list[Sample]:
    """Return the documents of a manifest."""
    with (docs / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [Sample(docs / row["file"], row["expected"]) for row in csv.DictReader(file)]


def verdict(sample: Sample, outcome: str, code: str | None) -> str | None:
    """Return what is wrong with how a document ended; None if nothing is.

    Args:
        sample: What was uploaded.
        outcome: "refused", READY or FAILED.
        code: Of the refusal or failure.
    """
    failed = {"empty-text", "error"} if code == "NO_TEXT" else {"error"}
    kinds = {"READY": {"parse"}, "refused": {"error"}, "FAILED": failed}
    if code in OUR_FAULTS or not kinds[outcome] & sample.outcomes:
        return f"{sample.path.name}: {outcome} {code or ''}, expected {sample.expected}"
    return None


async def run(client: Client, documents: Sequence[Sample]) -> Report:
    """Upload everything, search all the while, and return what became of it."""
    report = Report()
    async with searching(client) as searcher:
        report.before_milliseconds = await _idle(searcher)
        started = time.monotonic()
        searcher.go()
        accepted = await _upload_all(client, documents, report)
        # Two samples of the same bytes are one document.
        states = await client.finished(*{document_id for document_id, _ in accepted})
        report.seconds = time.monotonic() - started
        report.meanwhile_milliseconds = await searcher.halt()
        report.after_milliseconds = await _idle(searcher)
    for document_id, sample in accepted:
        state = states[document_id]
        report.time(sample, state)
        report.note(verdict(sample, state["status"], state["failure"]["code"] if state["failure"] else None))
    return report


async def _idle(searcher: Searcher) -> list[float]:
    """Search without haste; the first search warms the server up and does not count."""
    await searcher.one()
    return [await searcher.one() for _ in range(SEARCHES_WHEN_IDLE)]


async def _upload_all(client: Client, documents: Sequence[Sample], report: Report) -> list[tuple[str, Sample]]:
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)
    accepted: list[tuple[str, Sample]] = []

    async def upload(sample: Sample) -> None:
        async with slots:
            result = await client.upload(sample.path)
        if result["__typename"] == "DocumentAccepted":
            accepted.append((result["document"]["id"], sample))
        else:
            report.note(verdict(sample, "refused", result["code"]))

    async with asyncio.TaskGroup() as group:
        for sample in documents:
            group.create_task(upload(sample))
    return accepted
