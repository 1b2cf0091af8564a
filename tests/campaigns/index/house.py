"""Two processes with indexes of their own over one PostgreSQL, three people, and what is theirs."""

import random
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.local_index import shard
from lexora_gql.documents.models import CollectionAccess, CollectionMember, Document
from lexora_gql.storage.database import Database
from tests.campaigns.index.watching import WatchedIndex
from tests.conversations.desk import Desk

WORDS = 60
PASSAGE_WORDS = 12
TAGS = ("old", "new")
SMALL_ROWS, RECENT_ROWS = 24, 8


@contextmanager
def folding_early() -> Iterator[None]:
    """Fold shards of a few dozen passages, as in life those of hundreds."""
    before = shard.SMALL_ROWS, shard._RECENT_ROWS
    shard.SMALL_ROWS, shard._RECENT_ROWS = SMALL_ROWS, RECENT_ROWS
    try:
        yield
    finally:
        shard.SMALL_ROWS, shard._RECENT_ROWS = before


@dataclass(slots=True)
class Person:
    """Somebody with collections of their own; `documents` by collection."""

    viewer: Viewer
    documents: dict[UUID, list[Document]] = field(default_factory=dict)
    shared: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class Server:
    """One process: services over an index of its own, in a folder of its own."""

    database: Database
    folder: Path
    kind: type[WatchedIndex]
    index: WatchedIndex = field(init=False)
    desk: Desk = field(init=False)

    def start(self) -> None:
        """Begin with what an earlier process left on disk."""
        self.index = self.kind(self.folder)
        self.desk = Desk.over(self.database, index=self.index)

    async def stop(self, *, is_killed: bool = False) -> None:
        """End, in order or not."""
        self.desk.process.services.accounts.close()
        await (self.index.die() if is_killed else self.index.aclose())


@dataclass(slots=True)
class House:
    """All of it, and the dice."""

    database: Database
    servers: list[Server]
    people: list[Person]
    chance: random.Random

    @classmethod
    @asynccontextmanager
    async def open(
        cls, database: Database, folder: Path, seed: int, kind: type[WatchedIndex]
    ) -> AsyncIterator["House"]:
        """Start two processes over an empty database."""
        servers = [Server(database, folder / name, kind) for name in ("one", "other")]
        for server in servers:
            server.start()
        library = servers[0].desk.library
        house = cls(database, servers, [Person(await library.reader()) for _ in range(3)], random.Random(seed))
        for person in house.people:
            person.documents[await library.personal_collection(person.viewer)] = []
        with folding_early():
            try:
                yield house
            finally:
                for server in servers:
                    await server.stop()
                shutil.rmtree(folder, ignore_errors=True)

    def server(self) -> Server:
        """Return either."""
        return self.chance.choice(self.servers)

    def person(self) -> Person:
        """Return anybody."""
        return self.chance.choice(self.people)

    def words(self, count: int) -> str:
        """Return words, some common and some rare."""
        return " ".join(f"w{min(WORDS, int(self.chance.paretovariate(0.6)))}" for _ in range(count))

    def paragraphs(self) -> list[str]:
        """Return the passages of a document: equally long, so that their length weighs the same in every part."""
        return [self.words(PASSAGE_WORDS) for _ in range(self.chance.choice((1, 2, 3, 3, 5, 30)))]

    async def share(self, person: Person, other: Person, collection_id: UUID) -> None:
        """Let somebody into a collection, or out of it again."""
        if collection_id in other.shared:
            other.shared.remove(collection_id)
            rule = delete(CollectionMember).where(
                CollectionMember.collection_id == collection_id, CollectionMember.user_id == other.viewer.user_id
            )
            async with self.database.engine.begin() as connection:
                await connection.execute(rule)
        elif other is not person:
            other.shared.add(collection_id)
            await self.servers[0].desk.library.share(collection_id, other.viewer, CollectionAccess.VIEWER)
