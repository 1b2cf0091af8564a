"""How long a search of the local index takes beside its bare FAISS and tantivy calls, in the same run.

    python -m tests.benchmarks.search_latency [passages] [searches]

Prints the 50th and 95th percentile in milliseconds. The limit: the 95th percentile over 10,000 passages is at most
25 ms above that of the bare calls. Exits with 1 beyond it.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import faiss
import numpy as np
import tantivy
from numpy.typing import NDArray

from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.adapters.local_index.analysis import terms_of
from lexora_gql.adapters.local_index.bulk_analysis import BulkAnalysis
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage

LIMIT_MILLISECONDS = 25.0
COUNT = 50
DIMENSIONS = 256
DOCUMENTS = 500
COLLECTION, EMBEDDER = UUID(int=1), "random:256"

Vectors = NDArray[np.float32]


def passages(count: int, seed: int) -> list[IndexedPassage]:
    """Return passages of about 900 characters whose words are spread as in English."""
    chance = np.random.default_rng(seed)
    vocabulary = ["".join(random.Random(at).choices("abcdefghijklmnoprstuvwy", k=3 + at % 9)) for at in range(30_000)]
    spread = 1 / np.arange(1, len(vocabulary) + 1)
    words = chance.choice(len(vocabulary), (count, 140), p=spread / spread.sum())
    vectors = chance.standard_normal((count, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        IndexedPassage(at + 1, document(at % DOCUMENTS), " ".join(vocabulary[word] for word in words[at]), vectors[at])
        for at in range(count)
    ]


def document(number: int) -> UUID:
    """Return the id of one of the documents."""
    return UUID(int=(number + 1) << 32)


class Bare:
    """FAISS and tantivy and nothing around them."""

    def __init__(self, given: list[IndexedPassage]) -> None:
        self._vectors = faiss.IndexFlatIP(DIMENSIONS)
        self._vectors.add(np.array([passage.vector for passage in given]))
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        builder.add_unsigned_field("number", fast=True)
        self._schema = builder.build()
        words = tantivy.Index(self._schema)
        words.register_tokenizer("whitespace", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        writer = words.writer(32_000_000, 1)
        analysed = BulkAnalysis().terms([passage.text for passage in given])
        for passage, (terms, _) in zip(given, analysed, strict=True):
            row = tantivy.Document()
            row.add_text("terms", terms)
            row.add_unsigned("number", passage.number)
            writer.add_document(row)
        writer.commit()
        words.reload()
        self._words = words.searcher()

    async def search(self, vector: Vectors, terms: list[str]) -> None:
        """Ask both on the calling thread."""
        self._vectors.search(vector.reshape(1, -1), COUNT)
        clauses = [(tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "terms", term)) for term in terms]
        hits = self._words.search(tantivy.Query.boolean_query(clauses), COUNT, count=False).hits
        self._words.fast_field_values("number", [address for _, address in hits])


async def measure(name: str, count: int, search: Callable[[int], Awaitable[object]]) -> float:
    """Run searches, print the percentiles and return the 95th, in milliseconds."""
    seconds = []
    for at in range(count):
        started = time.perf_counter()
        await search(at)
        seconds.append(time.perf_counter() - started)
    p50, p95 = (float(np.percentile(seconds, share)) * 1_000 for share in (50, 95))
    print(f"{name:34} p50 {p50:7.2f} ms   p95 {p95:7.2f} ms")
    return p95


async def run(count: int, searches: int) -> bool:
    """Measure; returns whether the limit holds."""
    faiss.omp_set_num_threads(1)
    given = passages(count, seed=7)
    queries = [" ".join(given[at * 7 % count].text.split()[:12]) for at in range(searches)]
    bare = Bare(given)
    some = frozenset(document(at) for at in range(0, DOCUMENTS, 10))
    most = frozenset(document(at) for at in range(0, DOCUMENTS, 2))

    def vector(at: int) -> Vectors:
        return given[(at * 13) % count].vector

    def ask(
        index: LocalIndex, words: list[str], documents: frozenset[UUID] | None
    ) -> Callable[[int], Awaitable[object]]:
        return lambda at: index.search(
            COLLECTION, EMBEDDER, vector=vector(at), words=words[at], documents=documents, count=COUNT
        )

    with tempfile.TemporaryDirectory() as folder:
        index = LocalIndex(Path(folder), 1 << 30)
        started = time.perf_counter()
        await index.apply(COLLECTION, EMBEDDER, IndexChanges(added=given), since=0, revision=1)
        print(f"{count} passages indexed in {time.perf_counter() - started:.2f} s")
        terms = [terms_of(query) for query in queries]
        base = await measure("bare FAISS and tantivy", searches, lambda at: bare.search(vector(at), terms[at]))
        whole = await measure("local index", searches, ask(index, queries, None))
        await measure("local index, 50 documents", searches, ask(index, queries, some))
        await measure("local index, 250 documents", searches, ask(index, queries, most))
        long = [given[at].text + given[at + 1].text for at in range(searches)]
        await measure("local index, 2,000 characters", searches, ask(index, long, None))
        await _measure_recent(index, given, ask(index, queries, None), searches)
        await index.aclose()
    print(f"above the bare calls: {whole - base:.2f} ms at the 95th percentile, {LIMIT_MILLISECONDS:g} allowed")
    return whole - base <= LIMIT_MILLISECONDS


async def _measure_recent(
    index: LocalIndex, given: list[IndexedPassage], search: Callable[[int], Awaitable[object]], searches: int
) -> None:
    """Measure with rows that are not folded in yet, one search at a time and eight at once."""
    first = len(given) + 1
    recent = [IndexedPassage(first + at, document(0), one.text, one.vector) for at, one in enumerate(given[:200])]
    await index.apply(COLLECTION, EMBEDDER, IndexChanges(added=recent), since=1, revision=2)
    await measure("local index, 200 recent rows", searches, search)
    eight = await measure(
        "eight at once, each",
        searches // 8,
        lambda at: asyncio.gather(*(search(at * 8 + other) for other in range(8))),
    )
    print(f"{'':34} {8_000 / max(eight, 1e-9):.0f} searches a second at the 95th percentile")


def main() -> None:
    """Run with the command line's numbers."""
    numbers = [int(argument) for argument in sys.argv[1:3]]
    count, searches = (*numbers, *(10_000, 300)[len(numbers) :])
    sys.exit(0 if asyncio.run(run(count, searches)) else 1)


if __name__ == "__main__":
    main()
