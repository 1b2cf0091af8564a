"""How long a search takes over HTTP beside the bare FAISS and tantivy calls, in the same run.

    python -m tests.benchmarks.search_over_api

About ten thousand passages of real text are uploaded; when their index is folded, 300 different questions are asked,
each in turn of the bare libraries (the question's embedding included), of every step of the service in this process,
and of the API over one kept connection. The limit: the API's 95th percentile is at most 25 ms above the bare one.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss

from lexora_gql.adapters.local_index.analysis import terms_of
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from tests.benchmarks.figures import Limit, line, percentile, spread
from tests.benchmarks.filling import fill, pages, questions
from tests.benchmarks.search_latency import Bare
from tests.benchmarks.search_steps import Steps
from tests.benchmarks.stand import open_stand, run
from tests.end_to_end.client import Client
from tests.end_to_end.searching import Connection

ABOVE_MILLISECONDS = 25.0
QUESTIONS = 300
CLIENTS = 16
FIRST = 8


async def measure() -> bool:
    """Measure; returns whether the limit holds."""
    faiss.omp_set_num_threads(1)
    asked = questions(QUESTIONS)
    async with open_stand() as stand:
        with tempfile.TemporaryDirectory() as folder:
            await fill(stand.client, pages(Path(folder)))
        # The first search has the server build its index.
        await stand.client.run("Search", query=asked[0])
        await stand.settled()
        async with Steps.open(stand.stack.database_url) as steps:
            passages = await steps.prepare()
            line("passages", len(passages), "")
            bare = Bare(passages)
            connection = Connection(stand.client.address, stand.client.token)
            rise = await _one_after_another(connection, steps, bare, asked)
        _at_once(stand.client, asked)
    return Limit("search over the API, p95 above the bare calls", rise, ABOVE_MILLISECONDS, "ms").holds()


async def _one_after_another(connection: Connection, steps: Steps, bare: Bare, asked: list[str]) -> float:
    """Ask each question of everybody in turn; return how much the API's p95 is above the bare one's."""
    embedder = WordLlamaEmbedder()
    await embedder.prepare()
    alone: list[float] = []
    inside: list[float] = []
    whole: list[float] = []
    for question in asked:
        alone.append(await _bare(bare, embedder, question))
        await steps.search(question)
        started = time.perf_counter()
        found = connection.search(question, first=FIRST)
        whole.append((time.perf_counter() - started) * 1_000)
        inside.append(float(str(found["tookMilliseconds"])))
    await embedder.aclose()
    spread("bare embedding, FAISS and tantivy", alone)
    for name, values in steps.milliseconds.items():
        spread(f"  step: {name}", values)
    spread("  the service, as it says in its results", inside)
    spread("  HTTP, GraphQL and this client", [all_ - part for all_, part in zip(whole, inside, strict=True)])
    spread("search over the API", whole)
    return percentile(whole, 95) - percentile(alone, 95)


async def _bare(bare: Bare, embedder: WordLlamaEmbedder, question: str) -> float:
    started = time.perf_counter()
    vector = embedder._embed_slice([question])[0]
    await bare.search(vector, terms_of(question))
    return (time.perf_counter() - started) * 1_000


def _at_once(client: Client, asked: list[str]) -> None:
    """Print how many searches a second sixteen clients get, which share this machine's cores with the server."""

    def ask(number: int) -> list[float]:
        connection = Connection(client.address, client.token)
        return [connection.timed(question) for question in asked[number::CLIENTS]]

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        each = [value for values in pool.map(ask, range(CLIENTS)) for value in values]
    line(f"searches a second, {CLIENTS} clients", len(asked) / (time.perf_counter() - started), "")
    spread(f"search over the API, {CLIENTS} clients", each)


if __name__ == "__main__":
    run("search over the API", measure)
