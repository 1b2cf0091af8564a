import asyncio
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.models import LoginAttempt
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.storage.acting import Actor
from lexora_gql.storage.database import ACCOUNTS, SWEEPER, WORKER, Database, DatabaseAway
from tests.database import connect

IDENTITY = text("SELECT current_user, session_user, current_setting('lexora.viewer_id', true)")
BACKEND = text("SELECT pg_backend_pid()")


class OutOfOrder(Exception):
    """What a test raises in the middle of a transaction."""


async def attempts(database: Database) -> int:
    async with database.transaction(ACCOUNTS) as session:
        return (await session.execute(select(func.count()).select_from(LoginAttempt))).scalar_one()


async def cut(database: Database, backend: int) -> None:
    """End a connection from the server's side and wait until it is gone."""
    async with database.engine.begin() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})


class TestTransaction:
    async def test_it_commits_on_the_way_out(self, database: Database) -> None:
        async with database.transaction(ACCOUNTS) as session:
            session.add(LoginAttempt(key=b"a"))
            await session.flush()
            assert await attempts(database) == 0

        assert await attempts(database) == 1

    async def test_an_exception_rolls_everything_back_and_is_passed_on(self, database: Database) -> None:
        async def fail(session: AsyncSession) -> None:
            session.add(LoginAttempt(key=b"a"))
            await session.flush()
            raise OutOfOrder

        with pytest.raises(OutOfOrder):
            async with database.transaction(ACCOUNTS) as session:
                await fail(session)

        assert await attempts(database) == 0

    async def test_a_cancelled_task_rolls_back(self, database: Database) -> None:
        reached, never = asyncio.Event(), asyncio.Event()

        async def hang() -> None:
            async with database.transaction(ACCOUNTS) as session:
                session.add(LoginAttempt(key=b"a"))
                await session.flush()
                reached.set()
                await never.wait()

        task = asyncio.create_task(hang())
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await attempts(database) == 0

    @pytest.mark.parametrize(
        ("actor", "role", "viewer_id"),
        [
            (ACCOUNTS, "lexora_accounts", ""),
            (WORKER, "lexora_worker", ""),
            (SWEEPER, "lexora_sweeper", ""),
            (Viewer(UUID(int=7)), "lexora_viewer", str(UUID(int=7))),
        ],
    )
    async def test_it_runs_as_its_actor(self, database: Database, actor: Actor, role: str, viewer_id: str) -> None:
        async with database.transaction(actor) as session:
            identity = (await session.execute(IDENTITY)).one()

        assert (identity[0], identity[2]) == (role, viewer_id)

    @pytest.mark.parametrize("fails", [False, True])
    async def test_the_next_on_the_same_connection_inherits_nothing(self, database_url: str, *, fails: bool) -> None:
        narrow = connect(database_url, connections=1)
        viewer = Viewer(uuid4())
        try:
            async with narrow.transaction(viewer) as session:
                backend = (await session.execute(BACKEND)).scalar_one()
                if fails:
                    await session.execute(text("SELECT hash FROM passwords"))
        except ProgrammingError:
            assert fails
        async with narrow.engine.begin() as connection:
            bare = (await connection.execute(IDENTITY)).one()
            same = (await connection.execute(BACKEND)).scalar_one()
        await narrow.dispose()

        assert same == backend
        assert bare[0] == bare[1] == "lexora"
        assert bare[2] == ""

    async def test_transactions_at_the_same_time_are_apart(self, database: Database) -> None:
        viewers = [Viewer(uuid4()) for _ in range(10)]

        async def who(viewer: Viewer) -> str:
            async with database.transaction(viewer) as session:
                await session.execute(text("SELECT pg_sleep(0.01)"))
                return str((await session.execute(IDENTITY)).one()[2])

        assert await asyncio.gather(*map(who, viewers)) == [str(viewer.user_id) for viewer in viewers]

    async def test_a_connection_goes_to_who_has_waited_longest(self, database_url: str) -> None:
        narrow, served = connect(database_url, connections=1), list[str]()

        async def ask(name: str) -> None:
            for _ in range(5):
                async with narrow.transaction(ACCOUNTS) as session:
                    await session.execute(IDENTITY)
                served.append(name)

        await asyncio.gather(ask("one"), ask("other"))
        await narrow.dispose()

        assert served == ["one", "other"] * 5

    async def test_who_gives_up_waiting_keeps_nobody_from_their_turn(self, database_url: str) -> None:
        narrow = connect(database_url, connections=1)

        async def ask() -> None:
            async with narrow.transaction(ACCOUNTS) as session:
                await session.execute(IDENTITY)

        async with narrow.transaction(ACCOUNTS) as session:
            await session.execute(IDENTITY)
            impatient, patient = asyncio.ensure_future(ask()), asyncio.ensure_future(ask())
            await asyncio.sleep(0)
            impatient.cancel()
            await asyncio.gather(impatient, return_exceptions=True)
            assert not patient.done()
        await asyncio.wait_for(patient, 5)
        await narrow.dispose()


class TestADatabaseThatIsAway:
    async def test_nobody_listens(self, tmp_path: Path) -> None:
        absent = Database.connect(f"postgresql+asyncpg://lexora@/lexora?host={tmp_path}", pool_size=1, max_overflow=0)

        with pytest.raises(DatabaseAway):
            async with absent.transaction(ACCOUNTS):
                pytest.fail("a transaction was opened without a server")
        await absent.dispose()

    async def test_it_takes_no_more_connections(self, database: Database, database_url: str) -> None:
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE ROLE crowded LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0"))
        parts = urlsplit(database_url)
        address = urlunsplit(parts._replace(netloc=f"crowded:crowded@{parts.netloc.rpartition('@')[2]}"))
        crowded = connect(address)

        with pytest.raises(DatabaseAway):
            async with crowded.transaction(ACCOUNTS):
                pytest.fail("a transaction was opened beyond the limit")
        await crowded.dispose()
        async with database.engine.begin() as connection:
            await connection.execute(text("DROP ROLE crowded"))

    async def test_the_connection_is_cut_in_the_middle_and_the_next_one_works(
        self, database: Database, database_url: str
    ) -> None:
        narrow = connect(database_url, connections=1)

        backends: list[int] = []

        async def cut_off() -> None:
            async with narrow.transaction(ACCOUNTS) as session:
                backends.append((await session.execute(BACKEND)).scalar_one())
                await cut(database, backends[0])
                await session.execute(IDENTITY)

        with pytest.raises(DatabaseAway):
            await cut_off()
        async with narrow.transaction(ACCOUNTS) as session:
            revived = (await session.execute(BACKEND)).scalar_one()
        await narrow.dispose()

        assert revived not in backends

    async def test_an_idle_connection_is_cut_and_only_one_call_notices(
        self, database: Database, database_url: str
    ) -> None:
        narrow = connect(database_url, connections=1)
        async with narrow.transaction(ACCOUNTS) as session:
            backend = (await session.execute(BACKEND)).scalar_one()
        await cut(database, backend)

        outcomes = []
        for _ in range(3):
            try:
                async with narrow.transaction(ACCOUNTS) as session:
                    outcomes.append(str((await session.execute(IDENTITY)).one()[0]))
            except DatabaseAway:
                outcomes.append("away")
        await narrow.dispose()

        assert outcomes[1:] == ["lexora_accounts", "lexora_accounts"]
        assert outcomes[0] in {"away", "lexora_accounts"}

    async def test_a_statement_that_is_refused_is_no_outage(self, database: Database) -> None:
        with pytest.raises(ProgrammingError, match="permission denied for table passwords"):
            async with database.transaction(Viewer(uuid4())) as session:
                await session.execute(text("SELECT hash FROM passwords"))
