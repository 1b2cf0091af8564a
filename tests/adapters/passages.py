"""Passages and queries for tests of passage indexes."""

import random
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage, PassageIndex, Rankings, Scored

Vector = NDArray[np.float32]

COLLECTION = UUID(int=1)
EMBEDDER = "test:8"
DIMENSIONS = 8


def document(number: int) -> UUID:
    return UUID(int=(number << 64) + 7)


def along(*weights: float) -> Vector:
    """Return the unit vector with these first components."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[: len(weights)] = weights
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def passage(number: int, text: str, *, of: int = 1, vector: Vector | None = None) -> IndexedPassage:
    return IndexedPassage(number, document(of), text, along(1) if vector is None else vector)


def invented(
    count: int, *, first: int = 1, documents: int = 40, words: int = 30, seed: int = 1
) -> list[IndexedPassage]:
    """Return passages of words that are common and rare as in real text, with vectors in all directions."""
    chance = random.Random(seed)
    directions = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = []
    for at in range(count):
        text = " ".join(f"w{int(chance.paretovariate(0.5)) % 5_000}" for _ in range(chance.randint(3, words)))
        found.append(passage(first + at, text, of=chance.randrange(documents), vector=directions[at]))
    return found


async def add(index: PassageIndex, passages: Sequence[IndexedPassage], *, since: int = 0) -> None:
    await index.apply(COLLECTION, EMBEDDER, IndexChanges(added=passages), since=since, revision=since + 1)


async def ask(
    index: PassageIndex,
    words: str = "",
    *,
    vector: Vector | None = None,
    documents: frozenset[UUID] | None = None,
    count: int = 10,
) -> Rankings:
    where = along(1) if vector is None else vector
    return await index.search(COLLECTION, EMBEDDER, vector=where, words=words, documents=documents, count=count)


def numbers(scored: Sequence[Scored]) -> list[int]:
    return [one.number for one in scored]
