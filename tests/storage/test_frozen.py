"""Sessions of processes that stop in the middle of a request, and the locks that they hold."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from lexora_gql.storage import database as module
from lexora_gql.storage.database import Database


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take for frozen whoever has stopped, however short ago."""
    monkeypatch.setattr(module, "_END_FROZEN", text(module._END_FROZEN.text.replace("'10 s'", "'0 s'")))


async def begun(url: str) -> asyncpg.Connection:
    """Return a session in a transaction, between the text of a statement and its values."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
    # Nothing but what asyncpg sends first.
    await connection.prepare("SELECT $1::int + 1")
    return connection


class TestFrozen:
    @pytest.mark.usefixtures("at_once")
    async def test_a_session_in_the_middle_of_a_request_is_ended_and_its_locks_are_free(
        self, database: Database, database_url: str
    ) -> None:
        frozen = await begun(database_url)

        assert await database.end_frozen() == 1

        async with asyncio.timeout(5), database.engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await frozen.fetchval("SELECT 1")

    async def test_not_before_its_time(self, database: Database, database_url: str) -> None:
        working = await begun(database_url)

        assert await database.end_frozen() == 0

        assert await working.fetchval("SELECT 1") == 1
        await working.close()

    @pytest.mark.usefixtures("at_once")
    async def test_who_is_between_two_requests_or_at_work_is_left_alone(
        self, database: Database, database_url: str
    ) -> None:
        idle, busy = [await asyncpg.connect(database_url.replace("+asyncpg", "")) for _ in range(2)]
        await idle.execute("BEGIN")
        working = asyncio.ensure_future(busy.fetchval("SELECT 1 FROM pg_sleep(0.5)"))
        await asyncio.sleep(0.1)

        assert await database.end_frozen() == 0

        assert await working == 1
        assert await idle.fetchval("SELECT 1") == 1
        await idle.close()
        await busy.close()
