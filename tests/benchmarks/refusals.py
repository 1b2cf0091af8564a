"""How often is a question refused that the documents answer, and how often one that they do not.

    python -m tests.benchmarks.refusals [set ...]

Each question of a set is asked three times without a model, of the eight passages that search finds: with all documents
there, without those that answer it, and of documents about something else: another set of its language where there is
one, else those of its own set that have another title. Printed is the curve over the evidence asked for, and what is
refused at what the product asks for. The limit: of the questions that are answered, five in a hundred are refused.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np

from lexora_gql.adapters import extractive_scoring as scoring
from lexora_gql.adapters.evidence_thresholds import evidence_min
from lexora_gql.adapters.extractive_chat import EMBEDDED_MAX, ExtractiveChat
from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.documents.splitting import context, split
from lexora_gql.ports.chat_model import PromptSource
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.retrieval.fusion import fuse, weight_for
from tests.benchmarks.figures import Limit, all_hold
from tests.benchmarks.filling import lines
from tests.benchmarks.retrieval_sets import FLOORS, asked

CHARACTERS, OVERLAP, SOURCES, COUNT = 1_000, 150, 8, 100
SHARES = (0.02, 0.05, 0.1)
FALSE_REFUSALS_MAX = 0.06
# Of which other set the documents are about something else, in the same language.
ELSEWHERE = {"xquad-en": "aws-docs", "aws-docs": "xquad-en"}
# The largest set has a thousand questions; every third tells as much.
STEPS = {"jaquad-dev": 3}


@dataclass(slots=True)
class Shelf:
    """The documents of a set, indexed.

    Attributes:
        passages: Text and context of each passage, by number.
        documents: Index id of each document, by its name.
        titles: Of each document.
    """

    collection: UUID
    passages: list[tuple[str, str]] = field(default_factory=list)
    documents: dict[str, UUID] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)


class House:
    """An index over all sets, and an embedder."""

    def __init__(self, folder: Path) -> None:
        self.embedder = WordLlamaEmbedder()
        self.index = LocalIndex(folder, 1 << 30)
        self.shelves: dict[str, Shelf] = {}

    async def shelf(self, name: str) -> Shelf:
        """Return a set's documents, indexed at its first use."""
        if name in self.shelves:
            return self.shelves[name]
        shelf = self.shelves[name] = Shelf(UUID(int=len(self.shelves) + 1))
        rows: list[tuple[UUID, str]] = []
        for document in lines(name, "corpus.jsonl"):
            place = UUID(int=len(shelf.documents) + 1)
            shelf.documents[document["id"]] = place
            shelf.titles[document["id"]] = document.get("title") or document["id"]
            for passage in split(ExtractedText(document["text"]), characters=CHARACTERS, overlap=OVERLAP):
                before = context(document.get("title"), "", passage.headings)
                shelf.passages.append((passage.text, before.strip()))
                rows.append((place, before + passage.text))
        vectors = await self.embedder.embed([text for _, text in rows])
        added = [
            IndexedPassage(at, place, text, vector)
            for at, ((place, text), vector) in enumerate(zip(rows, vectors, strict=True))
        ]
        await self.index.apply(shelf.collection, self.embedder.name, IndexChanges(added), since=0, revision=1)
        return shelf

    async def evidence(self, question: str, shelf: Shelf, documents: frozenset[UUID] | None) -> float:
        """Return how much speaks for the answer being in some documents."""
        [vector] = await self.embedder.embed([question])
        found = await self.index.search(
            shelf.collection, self.embedder.name, vector=vector, words=question, documents=documents, count=COUNT
        )
        best = fuse([found], weight_of_meaning=weight_for(question, self.embedder.weight))[:SOURCES]
        alike = {one.number: one.score for one in found.by_meaning}
        sources = [
            PromptSource(marker, *shelf.passages[one.number], alike.get(one.number))
            for marker, one in enumerate(best, 1)
        ]
        ranked = scoring.rank(question, sources)
        if not ranked.candidates:
            return 0.0
        meaning = await ExtractiveChat.meaning(self.embedder, question, ranked.candidates[:EMBEDDED_MAX])
        ranked = scoring.rank(question, sources, meaning=meaning, weight_of_meaning=self.embedder.weight)
        return scoring.evidence(question, ranked)


async def evidence_of(house: House, name: str) -> tuple[list[str], list[list[float]]]:
    """Return a set's questions, and the evidence on each: with its documents, without them, and elsewhere."""
    own = await house.shelf(name)
    other = await house.shelf(ELSEWHERE[name]) if name in ELSEWHERE else None
    questions, found = [], []
    for question, truth in asked(name)[:: STEPS.get(name, 1)]:
        relevant = {own.documents[document] for document in truth if document in own.documents}
        titles = {own.titles[document] for document in truth if document in own.documents}
        unlike = frozenset(place for document, place in own.documents.items() if own.titles[document] not in titles)
        away = (other, None) if other is not None else (own, unlike)
        questions.append(question)
        found.append(
            [
                await house.evidence(question, own, None),
                await house.evidence(question, own, frozenset(own.documents.values()) - relevant),
                await house.evidence(question, *away),
            ]
        )
    return questions, found


async def judge(names: Sequence[str]) -> bool:
    """Measure and print; returns whether the limits hold."""
    limits = []
    print(f"{'refused of':12} {'answered':>9} {'passage out':>12} {'elsewhere':>10}")
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        for name in names:
            questions, found = await evidence_of(house, name)
            table = np.array(found)
            for share in SHARES:
                asked_for = float(np.quantile(table[:, 0], share))
                answered, without, elsewhere = (table < asked_for).mean(axis=0)
                print(
                    f"{name:12} {answered:9.3f} {without:12.2f} {elsewhere:10.2f}   where {asked_for:.3f} is asked for"
                )
            least = np.array([evidence_min(question, knows_meaning=True) for question in questions])
            answered, without, elsewhere = (table < least[:, None]).mean(axis=0)
            print(f"{name:12} {answered:9.3f} {without:12.2f} {elsewhere:10.2f}   as it is", flush=True)
            limits.append(Limit(f"{name}: refused though it is answered", answered, FALSE_REFUSALS_MAX, ""))
        await house.index.aclose()
        await house.embedder.aclose()
    return all_hold(limits)


def main() -> None:
    """Measure the sets that the command line names, or all."""
    sys.exit(not asyncio.run(judge(sys.argv[1:] or list(FLOORS))))


if __name__ == "__main__":
    main()
