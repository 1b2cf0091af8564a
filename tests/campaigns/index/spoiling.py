"""Snapshots by the hundred, each damaged in one way: it opens as it was written, or it is noticed and built anew."""

import asyncio
import json
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage, Rankings
from tests.adapters.passages import along, invented
from tests.campaigns.index.damage import DAMAGES, snapshot_files, throw_away
from tests.campaigns.index.house import folding_early

MEMORY_BYTES = 64 * 1024 * 1024
WORDS = "w1 w2 w3 w30 w400"
OLDER, NEWER = 3, 7
Key = tuple[UUID, str]

SHARDS: dict[Key, list[IndexedPassage]] = {
    (UUID(int=1), "one:8"): invented(12, seed=1),
    (UUID(int=1), "other:8"): invented(15, seed=2),
    (UUID(int=2), "one:8"): invented(90, seed=3),
    (UUID(int=3), "one:8"): invented(70, seed=4),
}
"""Two small shards of one collection under two embedders, and two that are folded."""


@dataclass(slots=True)
class Outcome:
    """How many shards opened as written, how many were built anew, and what was wrong."""

    damages: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    rebuilt: int = 0
    wrong: list[str] = field(default_factory=list)


async def run(folder: Path, *, snapshots: int, seed: int) -> Outcome:
    """Damage so many copies of the same snapshots, one file or folder of each."""
    outcome, chance = Outcome(), random.Random(seed)
    template = folder / "template"
    with folding_early():
        written = await _written(template)
        for number in range(snapshots):
            copy = folder / f"copy-{number}"
            shutil.copytree(template, copy, symlinks=True)
            name = list(DAMAGES)[number % len(DAMAGES)]
            files = snapshot_files(copy)
            DAMAGES[name](chance.choice(files), files, chance)
            outcome.damages[name] += 1
            async for wrong in _looked_at(copy, written, outcome):
                outcome.wrong.append(f"{number}, {name}: {wrong}")
            throw_away(copy)
    return outcome


async def _written(folder: Path) -> dict[tuple[Key, int], str]:
    """Write two slots, the second at an older revision; return what each shard answers at which revision."""
    newer, older = LocalIndex(folder, MEMORY_BYTES), LocalIndex(folder, MEMORY_BYTES)
    answers: dict[tuple[Key, int], str] = {}
    for index, revision, share in ((newer, NEWER, 1.0), (older, OLDER, 0.8)):
        for key, passages in SHARDS.items():
            added = passages[: int(share * len(passages))]
            await index.apply(*key, IndexChanges(added), since=0, revision=revision)
        await index.aclose()
        # As it is read from disk: sums of floats may differ in the last digit between rows and folds.
    for index, revision in ((LocalIndex(folder, MEMORY_BYTES), NEWER), (LocalIndex(folder, MEMORY_BYTES), OLDER)):
        answers |= {(key, revision): _text(await _ask(index, key)) for key in SHARDS}
        await index.aclose()
    return answers


async def _looked_at(folder: Path, written: dict[tuple[Key, int], str], outcome: Outcome) -> AsyncIterator[str]:
    index = LocalIndex(folder, MEMORY_BYTES)
    try:
        for key, passages in SHARDS.items():
            revision = await index.revision(*key)
            outcome.opened += revision > 0
            if revision not in (0, OLDER, NEWER):
                yield f"{key} stands at {revision}"
                continue
            if revision == 0:
                outcome.rebuilt += 1
                revision = NEWER
                await index.apply(*key, IndexChanges(passages), since=0, revision=revision)
            try:
                answer = _text(await _ask(index, key))
            except BaseException as error:
                # Also what a panic of tantivy comes as, but never that somebody wants this to end.
                if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
                    raise
                answer = repr(error)
            if answer != written[key, revision]:
                yield f"{key} answers otherwise at {revision}"
    finally:
        await index.aclose()


async def _ask(index: LocalIndex, key: Key) -> Rankings:
    return await index.search(*key, vector=along(1, 2, 3), words=WORDS, documents=None, count=200)


def _text(found: Rankings) -> str:
    """Return all that an answer says, but the last digits of its scores."""
    lists = (found.by_meaning, found.by_wording)
    return json.dumps([found.candidates, *([(one.number, round(one.score, 3)) for one in each] for each in lists)])
