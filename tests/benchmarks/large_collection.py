"""What searches of a collection of a hundred thousand passages cost, cold, warm and while it grows.

    python -m tests.benchmarks.large_collection [passages]

The rows are written straight into PostgreSQL. The limits: the first search of a server that has nothing is answered
within 10 s, that of one that finds its snapshot within 1 s (a client comes back when it is told to); the API's 95th
percentile is at most three times that of the bare FAISS and tantivy calls over the same passages, the question's
embedding included; while documents are read into the same collection it rises by at most 100 ms; the API's event loop
is late by at most 50 ms at the 99th percentile all the while.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import faiss

from lexora_gql.adapters.local_index.analysis import terms_of
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from tests.benchmarks.figures import Limit, all_hold, line, percentile, spread
from tests.benchmarks.filling import fill, questions
from tests.benchmarks.made_collection import Made, passages, write
from tests.benchmarks.metrics_page import MetricsPage
from tests.benchmarks.search_latency import Bare
from tests.benchmarks.stand import Stand, open_stand, run
from tests.end_to_end.searching import Connection

PASSAGES = 100_000
SEARCHES = 200
GROWING_DOCUMENTS, PASSAGES_A_DOCUMENT = 40, 20
COLD_SECONDS, SNAPSHOT_SECONDS, TIMES, RISE_MILLISECONDS, LAG_MILLISECONDS = 10.0, 1.0, 3.0, 100.0, 50.0
LAG = "event_loop_lag_seconds"


async def measure() -> bool:
    """Measure; returns whether the limits hold."""
    faiss.omp_set_num_threads(1)
    made = await Made.of(int(sys.argv[1]) if len(sys.argv) > 1 else PASSAGES, seed=7)
    asked = questions(SEARCHES)
    async with open_stand() as stand:
        await write(stand.stack.database_url, made)
        before = await MetricsPage.of(stand.client)
        cold = await asyncio.to_thread(Connection(stand.api.address, stand.client.token).timed, asked[0])
        _late("while it is built", (await MetricsPage.of(stand.client)).since(before))
        await stand.settled()
        bare = Bare(made.indexed())
        connection = Connection(stand.api.address, stand.client.token)
        candidates = (await asyncio.to_thread(connection.search, asked[0]))["candidates"]
        assert candidates == len(made.texts), candidates
        alone, whole = await _in_turn(connection, bare, asked)
        growing = await _while_growing(stand, connection, asked)
        lag = _late("over all of it", (await MetricsPage.of(stand.client)).since(before))
        await stand.settled()
        await stand.api.stop()
        again = await stand.stack.start_api()
        snapshot = await asyncio.to_thread(Connection(again.address, stand.client.token).timed, asked[0])
    spread("bare embedding, FAISS and tantivy", alone)
    spread("search over the API", whole)
    spread("search over the API while documents are read", growing)
    times = percentile(whole, 95) / percentile(alone, 95)
    line("API's p50 as a multiple of the bare one", percentile(whole, 50) / percentile(alone, 50), "")
    return all_hold(
        [
            Limit("first search, from PostgreSQL", cold / 1_000, COLD_SECONDS, "s"),
            Limit("first search, from a snapshot", snapshot / 1_000, SNAPSHOT_SECONDS, "s"),
            Limit("API's p95 as a multiple of the bare one", times, TIMES, ""),
            Limit("p95 rises meanwhile by", percentile(growing, 95) - percentile(whole, 95), RISE_MILLISECONDS, "ms"),
            Limit("the API's event loop is late by, p99", lag, LAG_MILLISECONDS, "ms"),
        ]
    )


def _late(when: str, page: MetricsPage) -> float:
    """Print how late the API's event loop was, as edges of buckets; return the 99th percentile."""
    p99, most = (1_000 * page.percentile(LAG, share, program="api") for share in (99, 100))
    line(f"event loop late {when}, p99 at most", p99, "ms", f"largest at most {most:.0f} ms")
    return p99


async def _in_turn(connection: Connection, bare: Bare, asked: Sequence[str]) -> tuple[list[float], list[float]]:
    """Ask each question of the bare libraries and of the API in turn; return the milliseconds of both."""
    embedder = WordLlamaEmbedder()
    await embedder.prepare()
    alone, whole = [], []
    for question in asked:
        started = time.perf_counter()
        vector = embedder._embed_slice([question])[0]
        await bare.search(vector, terms_of(question))
        alone.append((time.perf_counter() - started) * 1_000)
        whole.append(await asyncio.to_thread(connection.timed, question))
    await embedder.aclose()
    return alone, whole


async def _while_growing(stand: Stand, connection: Connection, asked: Sequence[str]) -> list[float]:
    """Ask on and on while documents are read into the same collection; return the milliseconds."""
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        growing = asyncio.create_task(fill(stand.client, _files(Path(folder))))
        while not growing.done():
            found.append(await asyncio.to_thread(connection.timed, asked[len(found) % len(asked)]))
        await growing
    return found


def _files(folder: Path) -> list[Path]:
    paths = [folder / f"new-{at}.txt" for at in range(GROWING_DOCUMENTS)]
    texts = passages(PASSAGES_A_DOCUMENT * GROWING_DOCUMENTS, seed=8)
    for at, path in enumerate(paths):
        path.write_text("\n\n".join(texts[PASSAGES_A_DOCUMENT * at :][:PASSAGES_A_DOCUMENT]), encoding="utf-8")
    return paths


if __name__ == "__main__":
    run("a large collection", measure)
