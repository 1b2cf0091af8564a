"""Threads that search two shards while both are changed, folded, saved and opened again, in a process of their own.

    python -m tests.campaigns.index.hurry SECONDS THREADS SEED

FAISS does not survive a change during a search: whoever starts this sees that in the exit code. What was searched, and
what was wrong, is written as JSON.
"""

import json
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import faiss

from lexora_gql.adapters.local_index.searching import search
from lexora_gql.adapters.local_index.shard import Shard
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage, Rankings, RemovedPassages
from tests.adapters.passages import DIMENSIONS, along
from tests.campaigns.index.house import folding_early

EMBEDDER = f"hurry:{DIMENSIONS}"
DOCUMENTS_MAX = 60
REVISIONS_KEPT = 500
COUNT = 40
WRONG_MAX = 20
# Without it nobody would get round to changing anything: all share one interpreter.
PAUSE_SECONDS = 0.01


@dataclass(slots=True)
class Place:
    """A collection: its shard, and what each of its revisions holds. Numbers tell the collections apart."""

    shard: Shard
    number: int
    revision: int = 0
    last: int = 0
    documents: dict[UUID, list[int]] = field(default_factory=dict)
    alive: dict[int, frozenset[int]] = field(default_factory=lambda: {0: frozenset()})

    def change(self, chance: random.Random) -> None:
        """Add documents and remove others."""
        removed = []
        while len(self.documents) > DOCUMENTS_MAX or (self.documents and chance.random() < 0.4):
            document = chance.choice(list(self.documents))
            removed.append(RemovedPassages(document, self.documents.pop(document)[-1]))
        added: list[IndexedPassage] = []
        for _ in range(chance.randint(0, 3)):
            document = UUID(int=chance.getrandbits(128))
            passages = [self._passage(document, chance) for _ in range(chance.choice((1, 5, 20)))]
            self.documents[document] = [one.number for one in passages]
            added += passages
        self.alive[self.revision + 1] = frozenset(number for each in self.documents.values() for number in each)
        self.alive.pop(self.revision - REVISIONS_KEPT, None)
        self.shard.apply(IndexChanges(added, removed), since=self.revision, revision=self.revision + 1)
        self.revision += 1

    def _passage(self, document: UUID, chance: random.Random) -> IndexedPassage:
        self.last += 2
        words = " ".join(f"w{chance.randrange(50)}" for _ in range(8))
        return IndexedPassage(self.last + self.number, document, words, along(chance.random(), chance.random()))

    def wrong(self, revision: int, found: Rankings) -> str | None:
        """Return what is wrong with an answer."""
        alive = self.alive[revision]
        numbers = {one.number for one in (*found.by_meaning, *found.by_wording)}
        if strange := numbers - alive:
            foreign = any(number % 2 != self.number for number in strange)
            return f"revision {revision}: {sorted(strange)} are {'foreign' if foreign else 'deleted'}"
        if found.candidates != len(alive) or len(found.by_meaning) != min(COUNT, len(alive)):
            return f"revision {revision}: {found.candidates} candidates instead of {len(alive)}"
        return None


@dataclass(slots=True)
class Hurry:
    """Everybody at once, until time is up."""

    places: list[Place]
    done: threading.Event = field(default_factory=threading.Event)
    searches: int = 0
    wrong: list[str] = field(default_factory=list)

    def search(self, seed: int) -> None:
        """Search either collection, on and on."""
        chance, searches = random.Random(seed), 0
        faiss.omp_set_num_threads(1)
        while not self.done.wait(PAUSE_SECONDS) and len(self.wrong) < WRONG_MAX:
            place = chance.choice(self.places)
            state = place.shard.state
            if not state.dimensions:
                continue
            words = f"w{chance.randrange(50)} w{chance.randrange(50)}"
            try:
                found = search(state, along(chance.random(), 1), words, None, COUNT)
                wrong = place.wrong(state.revision, found)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is wrong
                wrong = repr(error)
            self.wrong += [wrong] if wrong else []
            searches += 1
        self.searches += searches

    def change(self, seconds: float, seed: int) -> int:
        """Change, fold and save both, until time is up."""
        chance, changes = random.Random(seed), 0
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at and len(self.wrong) < WRONG_MAX:
            place = chance.choice(self.places)
            place.change(chance)
            if place.shard.needs_folding:
                place.shard.fold()
            if chance.random() < 0.1:
                place.shard.save()
            changes += 1
        self.done.set()
        return changes


def run(seconds: float, threads: int, seed: int) -> dict[str, object]:
    """Search and change at the same time; return what came of it."""
    with tempfile.TemporaryDirectory() as folder, folding_early():
        places = [Place(Shard(Path(folder), UUID(int=number + 1), EMBEDDER), number) for number in range(2)]
        hurry = Hurry(places)
        searching = [threading.Thread(target=hurry.search, args=(seed + at,)) for at in range(threads)]
        for thread in searching:
            thread.start()
        changes = hurry.change(seconds, seed)
        for thread in searching:
            thread.join()
    return {"searches": hurry.searches, "changes": changes, "wrong": hurry.wrong}


if __name__ == "__main__":
    print(json.dumps(run(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
