"""Thousands of steps on two processes; each search is compared with brute force over PostgreSQL."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lexora_gql.retrieval.scope import Scope
from lexora_gql.retrieval.service import Found
from lexora_gql.storage.database import Database
from tests.campaigns.index.house import TAGS, House, Person, Server
from tests.campaigns.index.oracle import (
    BM25_TOLERANCE,
    COSINE_TOLERANCE,
    Passage,
    bm25,
    cosines,
    difference,
    nearness,
    readable,
    without,
)
from tests.campaigns.index.steps import STEPS
from tests.campaigns.index.watching import Answer, WatchedIndex

SEARCH_SHARE = 0.55
FIRST = 100


@dataclass(slots=True)
class Outcome:
    """What happened, how many rankings were compared, and what was wrong with them."""

    steps: Counter[str] = field(default_factory=Counter)
    rankings: int = 0
    wrong: list[str] = field(default_factory=list)


async def run(
    database: Database,
    folder: Path,
    *,
    steps: int,
    seed: int,
    kind: type[WatchedIndex] = WatchedIndex,
    wrong_max: int = 100,
) -> Outcome:
    """Take so many steps; ends where more than `wrong_max` is wrong."""
    outcome = Outcome()
    changes, weights = list(STEPS), list(STEPS.values())
    async with House.open(database, folder, seed, kind) as house:
        for number in range(steps):
            if house.chance.random() < SEARCH_SHARE:
                name, wrong = "search", await _search(house, outcome)
            else:
                [change] = house.chance.choices(changes, weights)
                name, wrong = change.__name__, []
                await change(house)
            outcome.steps[name] += 1
            outcome.wrong += [f"step {number}: {one}" for one in wrong]
            if len(outcome.wrong) > wrong_max:
                break
    return outcome


async def _search(house: House, outcome: Outcome) -> list[str]:
    """Have two people search at once, each on a process of theirs."""
    one, other = house.chance.sample(house.people, 2)
    asked = [_ask(house, who, server, outcome) for who, server in zip((one, other), house.servers, strict=True)]
    found = await asyncio.gather(*asked)
    return [wrong for each in found for wrong in each]


async def _ask(house: House, person: Person, server: Server, outcome: Outcome) -> list[str]:
    words, first = house.words(house.chance.randint(1, 5)), house.chance.choice((3, FIRST))
    scope = _scope(house, person)
    viewer = person.viewer
    server.index.answers.clear()
    found = await server.desk.process.services.retrieval.search(viewer, words, first=first, scope=scope)
    [vector] = await server.desk.process.adapters.embedder.embed([words])
    wrong = []
    allowed: set[int] = set()
    total = 0
    for place, passages in (await readable(house.database, viewer.user_id)).items():
        if scope.collection_ids is not None and place not in scope.collection_ids:
            continue
        inside = [one for one in passages if _is_inside(one, scope)]
        allowed |= {one.number for one in inside}
        total += len(inside)
        # What was asked before at the same revisions is remembered, and the index is not asked again.
        if (answer := server.index.answers.pop(place, None)) is None:
            continue
        outcome.rankings += 1
        near = nearness(passages, inside, words)
        wrong += _compared(answer, cosines(inside, vector), bm25(passages, inside, words), near, len(inside))
    wrong += [f"{place} was searched" for place, one in server.index.answers.items() if one.rankings.candidates]
    return [f"{words!r}: {one}" for one in (*wrong, *_hits(found, allowed, total, first))]


def _scope(house: House, person: Person) -> Scope:
    """Return everything, or some collections, documents, or a tag; also those of others."""
    everywhere = [place for one in house.people for place in one.documents]
    mine = list(person.documents)
    documents = [one.id for place in mine for one in person.documents[place]]
    return house.chance.choice(
        (
            Scope(),
            Scope(collection_ids=tuple(house.chance.sample(everywhere, min(4, len(everywhere))))),
            Scope(document_ids=tuple(house.chance.sample(documents, min(4, len(documents))))),
            Scope(tags=(house.chance.choice(TAGS),)),
            Scope(collection_ids=tuple(mine[:1]), tags=(TAGS[0],)),
        )
    )


def _is_inside(passage: Passage, scope: Scope) -> bool:
    is_named = scope.document_ids is None or passage.document_id in scope.document_ids
    return is_named and set(scope.tags or ()) <= set(passage.tags)


def _compared(
    answer: Answer, meaning: dict[int, float], wording: dict[int, float], near: dict[int, float], candidates: int
) -> list[str]:
    by_wording = without(answer.rankings.by_wording, near, wording)
    found = {
        "by meaning": difference(answer.rankings.by_meaning, meaning, answer.count, COSINE_TOLERANCE),
        "by wording": difference(by_wording, wording, answer.count, BM25_TOLERANCE),
    }
    listed = list(answer.rankings.by_wording)
    if listed != sorted(listed, key=lambda one: (-one.score, one.number)):
        found["order by wording"] = "it is not that of the scores"
    if answer.rankings.candidates != candidates:
        found["candidates"] = f"{answer.rankings.candidates} instead of {candidates}"
    return [f"{name}: {wrong}" for name, wrong in found.items() if wrong is not None]


def _hits(found: Found, allowed: set[int], total: int, first: int) -> list[str]:
    """Return what is wrong with what the person sees."""
    numbers = [hit.chunk.number for hit in found.hits]
    wrong = []
    if strange := set(numbers) - allowed:
        wrong.append(f"{sorted(strange)} are deleted, or not theirs")
    if len(numbers) != min(first, total):
        wrong.append(f"{len(numbers)} hits of {min(first, total)}")
    if [hit.score for hit in found.hits] != sorted((hit.score for hit in found.hits), reverse=True):
        wrong.append("the hits are not in order")
    if found.candidates != total:
        wrong.append(f"{found.candidates} candidates instead of {total}")
    return wrong
