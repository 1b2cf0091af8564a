"""Many rows in few messages: all of them, in their order, as they were given."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from lexora_gql.accounts.models import LoginAttempt
from lexora_gql.documents.models import Chunk
from lexora_gql.storage import writing
from lexora_gql.storage.database import ACCOUNTS, WORKER, Database
from lexora_gql.storage.writing import insert_rows, update_rows
from tests.factories import Library

HEADINGS = [[], ["One"], ["it's", 'a "b"', "{c,d}", "ü \\ \n\t"], ["", "null", "NULL"], ["𝄞", "[1]"]]
NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def chunk(document_id: UUID, collection_id: UUID, ordinal: int) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "document_id": document_id,
        "collection_id": collection_id,
        "ordinal": ordinal,
        "text": f"{ordinal}: it's $1, ü",
        "context": "",
        "headings": HEADINGS[ordinal % len(HEADINGS)],
        "page_start": None if ordinal % 2 else ordinal,
        "page_end": None,
        "char_start": ordinal,
        "char_end": ordinal + 1,
        "token_count": 1,
        "content_sha256": bytes(32),
        "embedder": "hashing:words:64",
        "vector": ordinal.to_bytes(4, "big"),
    }


class TestInsertRows:
    async def test_writes_each_as_it_was_given_and_in_order(self, database: Database, library: Library) -> None:
        document = await library.document(await library.reader(), "Some words.")
        rows = [chunk(document.id, document.collection_id, at) for at in range(1_000, 3_500)]

        async with database.transaction(WORKER) as session:
            await insert_rows(session, Chunk, rows)

        query = select(Chunk).where(Chunk.id.in_([row["id"] for row in rows])).order_by(Chunk.number)
        async with database.transaction(WORKER) as session:
            found = await session.scalars(query.options(undefer(Chunk.vector), undefer(Chunk.content_sha256)))
            assert [{name: getattr(one, name) for name in rows[0]} for one in found] == rows

    async def test_writes_so_many_in_a_statement(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writing, "ROWS_AT_ONCE", 2)
        seen: list[str] = []
        event.listen(
            database.engine.sync_engine, "before_cursor_execute", lambda *given: seen.append(given[2]), named=False
        )

        async with database.transaction(ACCOUNTS) as session:
            await insert_rows(session, LoginAttempt, [{"key": bytes([at]), "at": NOW} for at in range(5)])
            found = await session.execute(select(LoginAttempt.key, LoginAttempt.at).order_by(LoginAttempt.id))
            assert found.all() == [(bytes([at]), NOW) for at in range(5)]

        assert len([each for each in seen if each.startswith("INSERT")]) == 3

    async def test_writes_nothing_where_there_is_nothing(self, database: Database) -> None:
        async with database.transaction(ACCOUNTS) as session:
            await insert_rows(session, LoginAttempt, [])

    async def test_skips_what_is_there_only_where_told_to(self, database: Database, library: Library) -> None:
        document = await library.document(await library.reader(), "Some words.")
        rows = [chunk(document.id, document.collection_id, at) for at in (1_000, 1_001)]
        async with database.transaction(WORKER) as session:
            await insert_rows(session, Chunk, rows[:1])

        with pytest.raises(IntegrityError):
            async with database.transaction(WORKER) as session:
                await insert_rows(session, Chunk, rows)
        async with database.transaction(WORKER) as session:
            await insert_rows(session, Chunk, rows, skip_existing=True)

        async with database.transaction(WORKER) as session:
            found = await session.scalars(select(Chunk.id).where(Chunk.id.in_([row["id"] for row in rows])))
            assert set(found) == {row["id"] for row in rows}


class TestUpdateRows:
    async def test_gives_each_its_values_and_leaves_out_who_is_not_there(
        self, database: Database, library: Library
    ) -> None:
        document = await library.document(await library.reader(), "Some words.")
        rows = [chunk(document.id, document.collection_id, at) for at in range(1_000, 1_004)]
        values = [
            {"id": row["id"], "headings": HEADINGS[at], "page_end": at or None, "vector": bytes([at])}
            for at, row in enumerate(rows[:3])
        ]

        async with database.transaction(WORKER) as session:
            await insert_rows(session, Chunk, rows)
            await update_rows(session, Chunk, [*values, {**values[0], "id": uuid4()}])

        query = select(Chunk.headings, Chunk.page_end, Chunk.vector, Chunk.text).order_by(Chunk.number)
        async with database.transaction(WORKER) as session:
            found = await session.execute(query.where(Chunk.id.in_([row["id"] for row in rows])))
            assert [tuple(one) for one in found] == [
                (one["headings"], one["page_end"], one["vector"], row["text"])
                for row, one in zip(rows, [*values, {**rows[3]}], strict=True)
            ]

    async def test_changes_nothing_where_there_is_nothing(self, database: Database) -> None:
        async with database.transaction(WORKER) as session:
            await update_rows(session, Chunk, [])


class TestExecuteMany:
    async def test_is_refused_to_actors(self, database: Database) -> None:
        rows = [{"key": b"a", "at": NOW}, {"key": b"b", "at": NOW}]
        with pytest.raises(RuntimeError, match="insert_rows"):
            async with database.transaction(ACCOUNTS) as session:
                await session.execute(insert(LoginAttempt), rows)
