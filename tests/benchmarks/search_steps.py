"""The steps of a search one by one in this process, over the server's own database: for orientation."""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from lexora_gql.accounts.models import User
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.documents.generations.serving import Serving
from lexora_gql.ports.passage_index import IndexedPassage
from lexora_gql.retrieval.fusion import fuse, weight_for
from lexora_gql.retrieval.highlights import highlights
from lexora_gql.retrieval.meaning import Meaning
from lexora_gql.retrieval.reading import Reading
from lexora_gql.retrieval.repository import RetrievalRepository, Searchable
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.retrieval.service import CANDIDATES, SPARE
from lexora_gql.storage.database import ACCOUNTS, Database
from tests.database import connect

FIRST = 8
Value = TypeVar("Value")


@dataclass(slots=True)
class Steps:
    """A search taken apart.

    Attributes:
        milliseconds: Of each step, by its name.
    """

    database: Database
    embedder: WordLlamaEmbedder
    index: LocalIndex
    viewer: Viewer
    collection_id: UUID = field(init=False)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(cls, database_url: str) -> AsyncIterator["Steps"]:
        """Give the steps for the only user that the database knows."""
        database, embedder = connect(database_url, connections=2), WordLlamaEmbedder()
        with tempfile.TemporaryDirectory() as folder:
            index = LocalIndex(Path(folder), 1 << 30)
            try:
                async with database.transaction(ACCOUNTS) as session:
                    user_id = (await session.scalars(select(User.id))).one()
                yield cls(database, embedder, index, Viewer(user_id))
            finally:
                await index.aclose()
                await embedder.aclose()
                await database.dispose()

    async def prepare(self) -> list[IndexedPassage]:
        """Index what the user has; return it."""
        serving, [place] = await self._searchable()
        [vector] = await self.embedder.embed(["all"])
        meaning = Meaning(serving, vector, self.embedder.weight)
        async with self.database.transaction(self.viewer) as session:
            changes, revision = await RetrievalRepository(session).changes(place.collection_id, meaning, since=0)
        self.collection_id = place.collection_id
        await self.index.apply(place.collection_id, self.embedder.name, changes, since=0, revision=revision)
        await self.embedder.prepare()
        return list(changes.added)

    async def search(self, question: str) -> None:
        """Take each step as the service does, with the clock beside it."""
        [vector] = await self._timed("embedding", self.embedder.embed([question]))
        await self._timed("SQL, what may be searched", self._searchable())
        name = self.embedder.name
        found = await self._timed(
            "index",
            self.index.search(
                self.collection_id, name, vector=vector, words=question, documents=None, count=CANDIDATES
            ),
        )
        started = time.perf_counter()
        best = fuse([found], weight_of_meaning=weight_for(question, self.embedder.weight))[: FIRST + SPARE]
        self._note("fusion", started)
        stored = await self._timed("SQL, what was found", self._chunks([one.number for one in best]))
        started = time.perf_counter()
        for text in stored[:FIRST]:
            highlights(text, question)
        self._note("highlights", started)

    async def _searchable(self) -> tuple[Serving, list[Searchable]]:
        return await Reading(self.database, self.embedder.name).searchable(self.viewer, EVERYTHING)

    async def _chunks(self, numbers: list[int]) -> list[str]:
        found = await Reading(self.database, self.embedder.name).chunks(self.viewer, numbers, EVERYTHING)
        return [stored.chunk.text for stored in found.values()]

    async def _timed(self, name: str, step: Awaitable[Value]) -> Value:
        started = time.perf_counter()
        value = await step
        self._note(name, started)
        return value

    def _note(self, name: str, started: float) -> None:
        self.milliseconds.setdefault(name, []).append((time.perf_counter() - started) * 1_000)
