"""One statement for a viewer that is a transaction of its own."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.storage.database import WORKER, Database, DatabaseAway
from tests.database import connect

WHO = text("SELECT current_user || coalesce(current_setting('lexora.viewer_id', true), '')")
BACKEND = "SELECT pg_backend_pid() AS backend, $1::uuid AS viewer"


@pytest.fixture
async def narrow(database: Database, database_url: str) -> AsyncIterator[Database]:
    """A database with one connection, which everything shares."""
    narrow = connect(database_url, connections=1)
    yield narrow
    await narrow.dispose()


async def backend(database: Database, viewer: Viewer) -> int:
    [row] = await database.rows(viewer, BACKEND)
    assert row["viewer"] == viewer.user_id
    return int(row["backend"])


class TestRows:
    async def test_nothing_is_left_of_the_viewer(self, narrow: Database) -> None:
        first = await backend(narrow, viewer := Viewer(uuid4()))
        assert await narrow.rows(viewer, "SELECT * FROM lexora_searchable($1, $2)", None) == []
        assert await narrow.scalar_as_owner(WHO) == "lexora"
        assert await backend(narrow, Viewer(uuid4())) == first

    async def test_they_are_for_viewers_only(self, narrow: Database) -> None:
        with pytest.raises(AssertionError):
            await narrow.rows(WORKER, BACKEND)

    @pytest.mark.parametrize(
        "call",
        [
            "lexora_searchable($1, NULL)",
            "lexora_found_chunks($1, '{1}')",
            "lexora_found_documents($1, '{1}')",
            "lexora_message($1, $1)",
            "lexora_renew_answer($1, $1, $1, 'spoilt', '1 s')",
            "lexora_sources($1, '{}')",
            "lexora_citations($1, '{}')",
            "lexora_tell_sources($1, $1, $1, '{}', '[]')",
            "lexora_end_answer($1, $1, $1, 'spoilt', '{}', '[]')",
        ],
    )
    async def test_whoever_is_not_the_owner_cannot_become_another(self, database: Database, call: str) -> None:
        async with database.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            async with driver.transaction():
                await driver.execute("SET LOCAL ROLE lexora_viewer")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await driver.fetch(f"SELECT * FROM {call}", uuid4())  # one of those above

    async def test_a_connection_that_was_closed_from_the_other_side_is_replaced(
        self, narrow: Database, database: Database
    ) -> None:
        first = await backend(narrow, viewer := Viewer(uuid4()))
        async with database.engine.begin() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
        await until_closed(narrow)
        assert await backend(narrow, viewer) != first

    async def test_one_that_breaks_in_the_middle_is_told_and_thrown_away(self, narrow: Database) -> None:
        first = await backend(narrow, viewer := Viewer(uuid4()))
        with pytest.raises(DatabaseAway):
            await narrow.rows(viewer, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5), $1::uuid")
        assert await backend(narrow, viewer) != first

    async def test_one_whose_statement_was_given_up_is_thrown_away(self, narrow: Database) -> None:
        first = await backend(narrow, viewer := Viewer(uuid4()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await narrow.rows(viewer, "SELECT pg_sleep(5), $1::uuid")
        assert await backend(narrow, viewer) != first


async def until_closed(database: Database) -> None:
    """Wait until the driver knows that the one connection has been closed."""
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        closed = asyncio.Event()
        driver.add_termination_listener(lambda _: closed.set())
        if not driver.is_closed():
            await asyncio.wait_for(closed.wait(), 5)
