"""How long the documents that bring servers down keep this one busy.

    python -m tests.benchmarks.heavy_documents

Each is read, counted, validated and planned in this process as before it is executed, 15 times with suggestions and
introspection and 15 times without, in CPU time. The limit: the worst median is at most 50 ms.
"""

import gc
import sys
import time

from tests.benchmarks.figures import Limit, line, load, median
from tests.conformance.heavy_documents import HEAVY, LARGE
from tests.conformance.test_heavy_documents import check

MILLISECONDS = 50.0
ROUNDS = 15


def milliseconds(source: str, *, is_open: bool) -> float:
    """Return the median CPU time of a document."""
    times = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        check(source, is_open=is_open)
        times.append((time.thread_time() - started) * 1_000)
    return median(times)


def measure() -> bool:
    """Measure; returns whether the limit holds."""
    load("documents that are refused, and those that are as large as they may be")
    gc.collect()
    worst = 0.0
    for heavy in (*HEAVY, *LARGE):
        value = max(milliseconds(heavy.source, is_open=is_open) for is_open in (True, False))
        line(heavy.name, value, note=f"{value / MILLISECONDS:6.1%} of the limit, {heavy.code or 'allowed'}")
        worst = max(worst, value)
    return Limit("the worst document", worst, MILLISECONDS, "ms").holds()


def main() -> None:
    """Run on the command line."""
    sys.exit(0 if measure() else 1)


if __name__ == "__main__":
    main()
