"""How well the local index finds what questions are about: nDCG@10 by wording, by meaning, and fused.

    python -m tests.benchmarks.retrieval_quality [set ...]

The sets are those of the shared data; documents are split as at ingestion and count by their best passage. Exits with 1
where the fused order is worse than wording alone by more than half a thousandth, which is a place or two in a thousand.
"""

import asyncio
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.documents.splitting import context, split
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.retrieval.fusion import fuse
from tests.benchmarks.filling import lines
from tests.shared_data import SHARED_DATA

SETS = ("xquad-en", "xquad-de", "xquad-ar", "xquad-zh", "jaquad-dev", "aws-docs")
CHARACTERS, OVERLAP, COUNT, CUT = 1_000, 150, 100, 10
COLLECTION = UUID(int=1)
TOLERANCE = 0.0005


def relevant(name: str) -> dict[str, dict[str, int]]:
    """Read how relevant which document is to which query."""
    found: dict[str, dict[str, int]] = {}
    for row in (SHARED_DATA / "retrieval" / name / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, relevance = row.split("\t")
        found.setdefault(query, {})[document] = int(relevance)
    return found


def ndcg(order: Sequence[str], truth: Mapping[str, int]) -> float:
    """Return the normalised discounted cumulative gain of the first ten."""
    gains = [truth.get(document, 0) for document in order[:CUT]]
    ideal = sorted(truth.values(), reverse=True)[:CUT]
    best = sum(gain / math.log2(at + 2) for at, gain in enumerate(ideal))
    return sum(gain / math.log2(at + 2) for at, gain in enumerate(gains)) / best if best else 0.0


async def measure(name: str, embedder: WordLlamaEmbedder, folder: Path) -> tuple[float, float, float]:
    """Return the means over a set's queries: by wording, by meaning, fused."""
    owners: list[str] = []
    texts: list[str] = []
    for document in lines(name, "corpus.jsonl"):
        for passage in split(ExtractedText(document["text"]), characters=CHARACTERS, overlap=OVERLAP):
            owners.append(document["id"])
            texts.append(context(document.get("title"), "", passage.headings) + passage.text)
    vectors = await embedder.embed(texts)
    rows = zip(texts, vectors, strict=True)
    added = [IndexedPassage(at, UUID(int=at), text, vector) for at, (text, vector) in enumerate(rows)]
    index = LocalIndex(folder / name, 1 << 30)
    await index.apply(COLLECTION, embedder.name, IndexChanges(added), since=0, revision=1)
    truth = relevant(name)
    queries = [query for query in lines(name, "queries.jsonl") if query["id"] in truth]
    totals = [0.0, 0.0, 0.0]
    for query, vector in zip(queries, await embedder.embed([one["text"] for one in queries]), strict=True):
        found = await index.search(
            COLLECTION, embedder.name, vector=vector, words=query["text"], documents=None, count=COUNT
        )
        fused = fuse([found], weight_of_meaning=embedder.weight)
        orders = [[one.number for one in order] for order in (found.by_wording, found.by_meaning)]
        orders.append([one.number for one in fused])
        for at, order in enumerate(orders):
            ranked = list(dict.fromkeys(owners[number] for number in order))
            totals[at] += ndcg(ranked, truth[query["id"]])
    await index.aclose()
    by_wording, by_meaning, together = (total / len(queries) for total in totals)
    return by_wording, by_meaning, together


async def run(names: Sequence[str]) -> bool:
    """Measure; returns whether the fused order is nowhere worse than wording alone."""
    embedder = WordLlamaEmbedder()
    is_good = True
    print(f"{'nDCG@10':12} {'wording':>8} {'meaning':>8} {'fused':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            by_wording, by_meaning, fused = await measure(name, embedder, Path(folder))
            print(f"{name:12} {by_wording:8.4f} {by_meaning:8.4f} {fused:8.4f}")
            is_good = is_good and fused >= by_wording - TOLERANCE
    await embedder.aclose()
    return is_good


def main() -> None:
    """Run for the sets named on the command line, or for all."""
    sys.exit(0 if asyncio.run(run(sys.argv[1:] or SETS)) else 1)


if __name__ == "__main__":
    main()
