"""How all of the real and hostile documents fare, what they cost, and how much searches wait for it.

    python -m tests.benchmarks.corpus

Searches go on in a process of their own while 481 documents are uploaded, eight at a time, and read. The limits: every
document ends as its manifest says and within two minutes, every process lives, no reader takes more than 768 MiB, the
API's event loop is late by at most 50 ms at the 99th percentile, and the 95th percentile of a search is at most 100 ms
above that of the same search before the first upload.
"""

import json

from tests.benchmarks.figures import Limit, all_hold, line, percentile, spread
from tests.benchmarks.metrics_page import MetricsPage
from tests.benchmarks.stand import Stand, open_stand, run
from tests.end_to_end import corpus
from tests.end_to_end.client import Json
from tests.shared_data import SHARED_DATA

ADDED_MILLISECONDS = 100.0
LAG_MILLISECONDS = 50.0
DOCUMENT_SECONDS = 120.0
READER_MEBIBYTES = 768.0
LAG = "event_loop_lag_seconds"


async def measure() -> bool:
    """Measure; returns whether the limits hold."""
    documents = corpus.samples(SHARED_DATA / "docs")
    async with open_stand() as stand:
        before = await MetricsPage.of(stand.client)
        report = await corpus.run(stand.client, documents)
        lag = (await MetricsPage.of(stand.client)).since(before)
        dead = [program.log.stem for program in (stand.api, stand.worker) if program.process.returncode is not None]
        events = _events(stand)
    files = [event for event in events if event["event"] == "file_read"]
    line("all documents ended after", report.seconds, "s", f"{report.ended} documents")
    spread("search before", report.before_milliseconds)
    spread("search meanwhile", report.meanwhile_milliseconds)
    spread("search after", report.after_milliseconds)
    spread("memory of a reader", [file["memory_mebibytes"] for file in files], "MiB")
    spread("computing of a reader", [1_000 * file["cpu_seconds"] for file in files])
    lags = {share: 1_000 * lag.percentile(LAG, share, program="api") for share in (50, 99, 100)}
    print(f"the API's event loop is late by, at most: {lags} ms (percentiles of {lag.count(LAG, program='api')})")
    for row in (*report.surprises, *(event for event in events if event["level"] == "error")):
        print(row)
    rise = percentile(report.meanwhile_milliseconds, 95) - percentile(report.before_milliseconds, 95)
    limits = [
        Limit("documents that ended otherwise than expected", len(report.surprises), 0, ""),
        Limit("processes that ended", len(dead), 0, ""),
        Limit(f"slowest document ({report.slowest})", report.slowest_seconds, DOCUMENT_SECONDS, "s"),
        Limit("largest memory of a reader", max(file["memory_mebibytes"] for file in files), READER_MEBIBYTES, "MiB"),
        Limit("the API's event loop is late by, p99", lags[99], LAG_MILLISECONDS, "ms"),
        Limit("a search's p95 rises while documents are read by", rise, ADDED_MILLISECONDS, "ms"),
    ]
    return all_hold(limits) and report.ended == len(documents)


def _events(stand: Stand) -> list[Json]:
    rows = (stand.api.output() + stand.worker.output()).splitlines()
    return [json.loads(row) for row in rows if row.startswith("{")]


if __name__ == "__main__":
    run("corpus", measure)
