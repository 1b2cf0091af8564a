"""How all of the real and hostile documents fare, and how much searches wait for it.

    python -m tests.benchmarks.corpus

Searches go on in a process of their own while 481 documents are uploaded, eight at a time, and read. The limits: every
document ends as its manifest says, every process lives, and the 95th percentile of a search is at most 100 ms above
that of the same search before the first upload.
"""

from tests.benchmarks.figures import Limit, all_hold, line, percentile, spread
from tests.benchmarks.stand import open_stand, run
from tests.end_to_end import corpus
from tests.shared_data import SHARED_DATA

ADDED_MILLISECONDS = 100.0


async def measure() -> bool:
    """Measure; returns whether the limits hold."""
    documents = corpus.samples(SHARED_DATA / "docs")
    async with open_stand() as stand:
        report = await corpus.run(stand.client, documents)
        dead = [program.log.stem for program in (stand.api, stand.worker) if program.process.returncode is not None]
        errors = [row for row in (stand.api.output() + stand.worker.output()).splitlines() if '"level":"error"' in row]
    line("all documents ended after", report.seconds, "s", f"{report.ended} documents")
    spread("search before", report.before_milliseconds)
    spread("search meanwhile", report.meanwhile_milliseconds)
    spread("search after", report.after_milliseconds)
    for row in (*report.surprises, *errors):
        print(row)
    rise = percentile(report.meanwhile_milliseconds, 95) - percentile(report.before_milliseconds, 95)
    limits = [
        Limit("documents that ended otherwise than expected", len(report.surprises), 0, ""),
        Limit("processes that ended", len(dead), 0, ""),
        Limit("a search's p95 rises while documents are read by", rise, ADDED_MILLISECONDS, "ms"),
    ]
    return all_hold(limits) and report.ended == len(documents)


if __name__ == "__main__":
    run("corpus", measure)
