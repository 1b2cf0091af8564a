"""What is new is read once, however many searches wait for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event

from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


@pytest.fixture
async def statements(database: Database) -> AsyncIterator[list[str]]:
    """What PostgreSQL is asked, as it is asked."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


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


class TestHitsAndTheirDocuments:
    async def test_they_come_together(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, "The canteen opens at noon.", filename="canteen.txt")

        found = await desk.process.services.retrieval.search(viewer, "canteen", first=5, scope=EVERYTHING)

        [hit] = found.hits
        assert (hit.document.id, hit.filename) == (document.id, "canteen.txt")
