"""What is new is read once, however many searches wait for it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Connection, event

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.passage_index import BruteForceIndex
from lexora_gql.errors import IndexLoading
from lexora_gql.ports.passage_index import IndexChanges, Rankings, RemovedPassages
from lexora_gql.retrieval import repository
from lexora_gql.retrieval.meaning import Meaning
from lexora_gql.retrieval.ranking import COLLECTIONS_AT_ONCE, Ranker
from lexora_gql.retrieval.reading import Reading
from lexora_gql.retrieval.repository import RetrievalRepository, Searchable
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.storage.acting import ActingConnection
from lexora_gql.storage.database import WORKER, Database
from tests.conversations.desk import Desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


@pytest.fixture
async def statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """What PostgreSQL is asked, as it is asked."""
    seen: list[str] = []

    def note(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, ActingConnection)
        seen.append(f"{statement} -- for {driver.actor.database_role if driver.actor else 'the owner'}")

    copy = asyncpg.Connection.copy_from_query

    async def copied(connection: ActingConnection, query: str, *given: Any, **options: Any) -> object:
        assert connection.actor is not None
        seen.append(f"{query} -- for {connection.actor.database_role}")
        return await copy(connection, query, *given, **options)

    # SQLAlchemy does not see what is copied.
    monkeypatch.setattr(asyncpg.Connection, "copy_from_query", copied)
    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


class TestFewAndMany:
    async def test_what_is_read_at_once_is_what_is_read_as_it_comes(
        self, desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        viewer = await desk.library.reader()
        first = await desk.document(viewer, "The canteen opens at noon.")
        since = first.revision
        second = await desk.document(viewer, "Ümlaut, 漢字 and it's $1.", "The shop closes at nine.")
        await desk.process.services.documents.delete(viewer, first.id)
        _, meaning = await asked(desk, database, viewer)

        async def changes(since: int) -> tuple[list[tuple[int, UUID, str, bytes]], Sequence[RemovedPassages], int]:
            async with database.transaction(WORKER) as session:
                found, revision = await RetrievalRepository(session).changes(second.collection_id, meaning, since=since)
            added = [(one.number, one.document_id, one.text, one.vector.tobytes()) for one in found.added]
            return added, found.removed, revision

        few = [await changes(0), await changes(since)]
        monkeypatch.setattr(repository, "FEW_PASSAGES", -1)
        many = [await changes(0), await changes(since)]

        assert few == many
        assert [len(removed) for _, removed, _ in few] == [0, 1]
        assert all({one[1] for one in added} == {second.id} for added, *_ in few)


class TestSearchesThatComeTogether:
    async def test_one_reads_what_is_new_for_all(self, desk: Desk, statements: list[str]) -> None:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, "The canteen opens at noon.")
        statements.clear()

        search = desk.process.services.retrieval.search
        found = await asyncio.gather(*(search(viewer, "canteen", first=5, scope=EVERYTHING) for _ in range(8)))

        assert [[hit.chunk.document_id for hit in one.hits] for one in found] == [[document.id]] * 8
        assert sum("chunks.vector" in statement for statement in statements) == 1

    async def test_each_change_is_read_once(self, desk: Desk, statements: list[str]) -> None:
        viewer = await desk.library.reader()
        search = desk.process.services.retrieval.search
        for number in range(3):
            await desk.document(viewer, f"The canteen {number} opens at noon.")
            await asyncio.gather(*(search(viewer, "canteen", first=5, scope=EVERYTHING) for _ in range(4)))

        assert sum("chunks.vector" in statement for statement in statements) == 3

    async def test_what_is_read_is_read_for_everybody(self, desk: Desk, statements: list[str]) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        statements.clear()

        await desk.process.services.retrieval.search(viewer, "canteen", first=5, scope=EVERYTHING)

        # One who is shut out while reading would leave a shard behind in which the others miss passages.
        [read] = [statement for statement in statements if "chunks.vector" in statement]
        assert read.endswith("for lexora_worker")


class TestLargeCollections:
    async def test_are_read_on_when_nobody_waits_any_more(self, desk: Desk, database: Database) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        index, (place, meaning) = SlowIndex(), await asked(desk, database, viewer)
        ranker = Ranker(database, index, patience_seconds=0.01)

        for _ in range(3):
            with pytest.raises(IndexLoading) as refused:
                await ranker.rank(place, meaning, "canteen", 5)
            assert 0 < refused.value.retry_after_seconds <= 1
        index.go.set()
        await asyncio.wait(ranker._reading.values())

        found = await ranker.rank(place, meaning, "canteen", 5)
        assert (found.candidates, index.applied) == (1, 1)


class TestManyCollections:
    async def test_are_searched_a_few_at_a_time(self, desk: Desk, database: Database) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        place, meaning = await asked(desk, database, viewer)
        index = SlowIndex()
        index.go.set()

        found = await Ranker(database, index).rank_all([place] * 50, meaning, "canteen", 5)

        assert [one.candidates for one in found] == [1] * 50
        assert 1 < index.most_at_once <= COLLECTIONS_AT_ONCE


class SlowIndex(BruteForceIndex):
    """Takes changes in only once it is told to; counts who searches at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.applied = self.at_once = self.most_at_once = 0

    async def apply(self, collection_id: UUID, embedder: str, changes: IndexChanges, **revisions: int) -> None:
        await self.go.wait()
        self.applied += 1
        await super().apply(collection_id, embedder, changes, **revisions)

    async def search(self, collection_id: UUID, embedder: str, **asked: Any) -> Rankings:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return await super().search(collection_id, embedder, **asked)


async def asked(desk: Desk, database: Database, viewer: Viewer) -> tuple[Searchable, Meaning]:
    """Return where a question is asked, and what it goes by."""
    embedder = desk.process.adapters.embedder
    [vector] = await embedder.embed(["canteen"])
    serving, [place] = await Reading(database, embedder.name).searchable(viewer, EVERYTHING)
    return place, Meaning(serving, vector, embedder.weight)


class TestWhatComesIntoACollection:
    async def test_is_read_before_it_is_searched_for(self, desk: Desk, statements: list[str]) -> None:
        viewer = await desk.library.reader()
        retrieval = desk.process.services.retrieval
        for number in range(3):
            document = await desk.document(viewer, f"The canteen {number} opens at noon.")
            retrieval.reading_on.expect(document.collection_id)
            await retrieval.reading_on.step()
        assert sum("chunks.vector" in statement for statement in statements) == 3
        statements.clear()

        await retrieval.reading_on.step()
        found = await retrieval.search(viewer, "canteen", first=5, scope=EVERYTHING)

        assert len(found.hits) == 3
        assert not any("chunks.vector" in statement for statement in statements)

    async def test_is_not_read_for_nobody(
        self, desk: Desk, statements: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        viewer = await desk.library.reader()
        reading_on = desk.process.services.retrieval.reading_on
        monkeypatch.setattr("lexora_gql.retrieval.reading_on.EXPECTED_SECONDS", 0.0)
        document = await desk.document(viewer, "The canteen opens at noon.")
        reading_on.expect(document.collection_id)
        statements.clear()
        await reading_on.step()
        assert statements == []

    async def test_only_so_many_are_looked_after(
        self, desk: Desk, statements: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        viewer = await desk.library.reader()
        reading_on = desk.process.services.retrieval.reading_on
        monkeypatch.setattr("lexora_gql.retrieval.reading_on.EXPECTED_MAX", 1)
        first = await desk.document(viewer, "The canteen opens at noon.")
        other = await desk.process.services.collections.create(viewer, "Other")
        second = await desk.document(viewer, "The shop closes at nine.", collection_id=other.id)
        for document in (first, second):
            reading_on.expect(document.collection_id)
        statements.clear()
        await reading_on.step()
        [shard] = await desk.process.adapters.index.kept()
        assert shard.collection_id == second.collection_id


class TestHitsAndTheirDocuments:
    async def test_they_come_together(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, "The canteen opens at noon.", filename="canteen.txt")

        found = await desk.process.services.retrieval.search(viewer, "canteen", first=5, scope=EVERYTHING)

        [hit] = found.hits
        assert (hit.document.id, hit.filename) == (document.id, "canteen.txt")
