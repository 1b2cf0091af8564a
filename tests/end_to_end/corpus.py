"""All of the real and hostile documents through the API: each must end as its manifest says, while search goes on."""

import asyncio
import csv
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from tests.end_to_end.client import ENDS, Client, Json

UPLOADS_AT_ONCE = 8
SEARCHES_WHEN_IDLE = 60
QUESTION = "How is safe drinking water ensured?"
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
        surprises: One line per document that did not end as it should.
        idle_milliseconds: Of searches before the uploads.
        busy_milliseconds: Of searches during the uploads.
    """

    ended: int = 0
    seconds: float = 0.0
    surprises: list[str] = field(default_factory=list)
    idle_milliseconds: list[float] = field(default_factory=list)
    busy_milliseconds: list[float] = field(default_factory=list)

    @property
    def added_milliseconds(self) -> float:
        """How much the 95th percentile of a search rose while documents were read."""
        return p95(self.busy_milliseconds) - p95(self.idle_milliseconds)


def samples(docs: Path) -> list[Sample]:
    """Return the documents of a manifest."""
    with (docs / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [Sample(docs / row["file"], row["expected"]) for row in csv.DictReader(file)]


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20)[-1]


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
    for _ in range(SEARCHES_WHEN_IDLE):
        report.idle_milliseconds.append(await _timed_search(client))
    started = time.monotonic()
    searching = asyncio.create_task(_search_on(client, report))
    try:
        accepted = await _upload_all(client, documents, report)
        states = await _followed(client, accepted)
    finally:
        searching.cancel()
    report.seconds = time.monotonic() - started
    for document_id, sample in accepted.items():
        state = states[document_id]
        code = state["failure"]["code"] if state["failure"] else None
        if surprise := verdict(sample, state["status"], code):
            report.surprises.append(surprise)
    report.ended = len(documents)
    return report


async def _upload_all(client: Client, documents: Sequence[Sample], report: Report) -> dict[str, Sample]:
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)
    accepted: dict[str, Sample] = {}

    async def upload(sample: Sample) -> None:
        async with slots:
            result = await client.upload(sample.path)
        if result["__typename"] == "DocumentAccepted":
            accepted[result["document"]["id"]] = sample
        elif surprise := verdict(sample, "refused", result["code"]):
            report.surprises.append(surprise)

    async with asyncio.TaskGroup() as group:
        for sample in documents:
            group.create_task(upload(sample))
    return accepted


async def _followed(client: Client, accepted: dict[str, Sample]) -> dict[str, Json]:
    ids = list(accepted)
    states: dict[str, Json] = {}
    async with aclosing(client.subscribe("DocumentEvents", documentIds=ids)) as events:
        async for event in events:
            states[event["document"]["id"]] = event["document"]
            if len(states) == len(ids) and all(state["status"] in ENDS for state in states.values()):
                return states
    return states


async def _search_on(client: Client, report: Report) -> None:
    while True:
        report.busy_milliseconds.append(await _timed_search(client))
        await asyncio.sleep(0.05)


async def _timed_search(client: Client) -> float:
    started = time.perf_counter()
    await client.run("Search", query=QUESTION, first=5)
    return (time.perf_counter() - started) * 1000
