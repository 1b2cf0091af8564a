"""How well is found what questions are about: nDCG@10 by wording, by meaning, and by both.

    python -m tests.benchmarks.retrieval_quality [--inside] [set ...]

End to end: the documents of each set of the shared data are uploaded as Markdown files into a collection of their own,
each question is searched for over the API, and documents count by their best passage. With `--inside` the splitter, the
index and the fusion are asked in this process, without files, in a tenth of the time. Exits with 1 where both lists
together are below the set's floor, or worse than wording alone by more than half a thousandth, which is a place or two
in a thousand.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.documents.splitting import context, split
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.retrieval.fusion import fuse, weight_for
from tests.benchmarks.filling import UPLOADS_AT_ONCE, lines
from tests.benchmarks.retrieval_sets import FLOORS, Orders, asked, files, means
from tests.benchmarks.stand import open_stand
from tests.end_to_end.client import Client

CHARACTERS, OVERLAP, COUNT = 1_000, 150, 100
COLLECTION = UUID(int=1)
TOLERANCE = 0.0005


async def inside(name: str, folder: Path) -> list[Orders]:
    """Ask the index in this process."""
    embedder = WordLlamaEmbedder()
    owners: list[str] = []
    texts: list[str] = []
    for document in lines(name, "corpus.jsonl"):
        for passage in split(ExtractedText(document["text"]), characters=CHARACTERS, overlap=OVERLAP):
            owners.append(document["id"])
            texts.append(context(document.get("title"), "", passage.headings) + passage.text)
    rows = zip(texts, await embedder.embed(texts), strict=True)
    added = [IndexedPassage(at, UUID(int=at), text, vector) for at, (text, vector) in enumerate(rows)]
    index = LocalIndex(folder, 1 << 30)
    await index.apply(COLLECTION, embedder.name, IndexChanges(added), since=0, revision=1)
    found = []
    for question, _ in asked(name):
        [vector] = await embedder.embed([question])
        lists = await index.search(
            COLLECTION, embedder.name, vector=vector, words=question, documents=None, count=COUNT
        )
        fused = fuse([lists], weight_of_meaning=weight_for(question, embedder.weight))
        orders = [[owners[one.number] for one in order] for order in (lists.by_wording, lists.by_meaning, fused)]
        found.append(Orders(*orders))
    await index.aclose()
    await embedder.aclose()
    return found


async def over_api(client: Client, name: str, folder: Path) -> list[Orders]:
    """Upload a set and ask the API."""
    created = await client.run("CreateCollection", name=name)
    collection_id = str(created["createCollection"]["collection"]["id"])
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def upload(path: Path) -> str:
        async with slots:
            result = await client.upload(path, collectionId=collection_id)
        assert result["__typename"] == "DocumentAccepted", result
        return str(result["document"]["id"])

    written = files(name, folder)
    ids = await asyncio.gather(*(upload(path) for _, path in written))
    states = await client.finished(*set(ids))
    assert all(state["status"] == "READY" for state in states.values()), states
    owners: dict[str, list[str]] = {}
    for id_, (document, _) in zip(ids, written, strict=True):
        owners.setdefault(id_, []).append(document)
    return [await _searched(client, question, collection_id, owners) for question, _ in asked(name)]


async def _searched(client: Client, question: str, collection_id: str, owners: dict[str, list[str]]) -> Orders:
    scope = {"collectionIds": [collection_id]}
    hits: list[dict[str, Any]] = (await client.run("Search", query=question, first=COUNT, scope=scope))["search"][
        "hits"
    ]

    def documents(key: str | None) -> list[str]:
        ranked = hits if key is None else sorted((hit for hit in hits if hit[key]), key=lambda hit: int(hit[key]))
        return [document for hit in ranked for document in owners[hit["chunk"]["document"]["id"]]]

    return Orders(documents("lexicalRank"), documents("semanticRank"), documents(None))


async def judge(names: Sequence[str], orders: Callable[[str, Path], Awaitable[list[Orders]]]) -> bool:
    """Measure and print; returns whether all is as it must be."""
    is_good = True
    print(f"{'nDCG@10':12} {'wording':>8} {'meaning':>8} {'fused':>8} {'floor':>8}")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            by_wording, by_meaning, fused = means(await orders(name, Path(folder)), [truth for _, truth in asked(name)])
        is_kept = fused >= FLOORS[name] and fused >= by_wording - TOLERANCE
        verdict = "kept" if is_kept else "MISSED"
        print(f"{name:12} {by_wording:8.4f} {by_meaning:8.4f} {fused:8.4f} {FLOORS[name]:8.3f} {verdict}", flush=True)
        is_good = is_good and is_kept
    return is_good


async def run(arguments: Sequence[str]) -> bool:
    """Measure as the command line says."""
    names = [name for name in arguments if name != "--inside"] or list(FLOORS)
    if "--inside" in arguments:
        return await judge(names, inside)
    async with open_stand() as stand:
        return await judge(names, lambda name, folder: over_api(stand.client, name, folder))


def main() -> None:
    """Run for the sets named on the command line, or for all."""
    sys.exit(0 if asyncio.run(run(sys.argv[1:])) else 1)


if __name__ == "__main__":
    main()
