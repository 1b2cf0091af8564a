"""For whom transactions begin, where PostgreSQL is told so with BEGIN itself."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import ProgrammingError

from lexora_gql.accounts.models import LoginAttempt
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.storage import acting
from lexora_gql.storage.acting import ActingConnection
from lexora_gql.storage.database import ACCOUNTS, WORKER, Database, DatabaseAway
from tests.database import connect

WHO = text("SELECT current_user")


@pytest.fixture
async def narrow(database: Database, database_url: str) -> AsyncIterator[Database]:
    """A database with one connection, which all transactions share; what they commit is deleted with the other's."""
    narrow = connect(database_url, connections=1)
    yield narrow
    await narrow.dispose()


class TestActing:
    async def test_nothing_is_left_of_a_transaction_in_which_nothing_was_said(self, narrow: Database) -> None:
        async with narrow.transaction(Viewer(uuid4())):
            pass

        assert await narrow.scalar_as_owner(WHO) == "lexora"

    async def test_what_is_only_added_is_added_by_the_actor(self, narrow: Database) -> None:
        written = []

        def note(connection: Connection, *_: object) -> None:
            driver = connection.connection.driver_connection
            assert isinstance(driver, ActingConnection)
            written.append(driver.actor)

        event.listen(narrow.engine.sync_engine, "before_cursor_execute", note)
        async with narrow.transaction(ACCOUNTS) as session:
            session.add(LoginAttempt(key=b"a"))

        assert written == [ACCOUNTS]

    async def test_what_is_only_added_is_held_to_the_actors_rights(self, narrow: Database) -> None:
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with narrow.transaction(Viewer(uuid4())) as session:
                session.add(LoginAttempt(key=b"a"))

    async def test_it_costs_no_statement(self, narrow: Database) -> None:
        seen: list[str] = []
        event.listen(
            narrow.engine.sync_engine, "before_cursor_execute", lambda *given: seen.append(given[2]), named=False
        )
        async with narrow.transaction(WORKER) as session:
            assert await session.scalar(WHO) == "lexora_worker"

        assert seen == [str(WHO)]

    async def test_a_copy_before_the_beginning_is_refused(self, narrow: Database) -> None:
        async with narrow.transaction(WORKER) as session:
            driver = (await (await session.connection()).get_raw_connection()).driver_connection
            assert isinstance(driver, ActingConnection)
            with pytest.raises(RuntimeError, match="before the copy"):
                await driver.copy_from_query("SELECT 1", output=lambda _: None)

    async def test_who_could_not_become_somebody_has_not_begun(
        self, narrow: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(acting, "_becoming", lambda _: "SELECT set_config('role', 'nobody_there', true);")
            with pytest.raises(DatabaseAway):
                async with narrow.transaction(WORKER) as session:
                    await session.execute(WHO)

        async with narrow.transaction(WORKER) as session:
            assert await session.scalar(WHO) == "lexora_worker"
