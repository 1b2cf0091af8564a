"""The retrieval sets of the shared data, and how an order of their documents is judged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tests.benchmarks.filling import lines
from tests.shared_data import SHARED_DATA

FLOORS = {
    "xquad-en": 0.985,
    "xquad-de": 0.955,
    "xquad-ar": 0.945,
    "xquad-zh": 0.98,
    "jaquad-dev": 0.92,
    "aws-docs": 0.885,
}
"""What both lists together must reach with the embedder that needs no key."""
CUT = 10


@dataclass(frozen=True, slots=True)
class Orders:
    """Documents to one query, best first: by wording, by meaning, and by both."""

    by_wording: Sequence[str]
    by_meaning: Sequence[str]
    fused: Sequence[str]


def asked(name: str) -> list[tuple[str, dict[str, int]]]:
    """Return a set's queries, each with how relevant which document is to it."""
    found: dict[str, dict[str, int]] = {}
    for row in (SHARED_DATA / "retrieval" / name / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, relevance = row.split("\t")
        found.setdefault(query, {})[document] = int(relevance)
    return [(query["text"], found[query["id"]]) for query in lines(name, "queries.jsonl") if query["id"] in found]


def files(name: str, folder: Path) -> list[tuple[str, Path]]:
    """Write a set's documents as Markdown, the title as heading; return id and path of each.

    Pages that are Markdown already have their heading and their name.
    """
    written = []
    for number, document in enumerate(lines(name, "corpus.jsonl")):
        own = PurePosixPath(document["id"])
        path = folder / str(number) / (own.name if own.suffix == ".md" else f"{own.name}.md")
        path.parent.mkdir(parents=True)
        text = document["text"] if own.suffix == ".md" else f"# {document['title']}\n\n{document['text']}"
        path.write_text(text, encoding="utf-8")
        written.append((document["id"], path))
    return written


def ndcg(order: Sequence[str], truth: Mapping[str, int]) -> float:
    """Return the normalised discounted cumulative gain of the first ten."""
    gains = [truth.get(document, 0) for document in order[:CUT]]
    ideal = sorted(truth.values(), reverse=True)[:CUT]
    best = sum(gain / math.log2(at + 2) for at, gain in enumerate(ideal))
    return sum(gain / math.log2(at + 2) for at, gain in enumerate(gains)) / best if best else 0.0


def means(orders: Sequence[Orders], truths: Sequence[Mapping[str, int]]) -> tuple[float, float, float]:
    """Return the mean over queries: by wording, by meaning, and by both."""

    def mean(each: Sequence[Sequence[str]]) -> float:
        return sum(ndcg(list(dict.fromkeys(order)), truth) for order, truth in zip(each, truths, strict=True)) / len(
            each
        )

    return (
        mean([one.by_wording for one in orders]),
        mean([one.by_meaning for one in orders]),
        mean([one.fused for one in orders]),
    )
