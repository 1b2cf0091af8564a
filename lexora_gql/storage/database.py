"""Transactions: the only place that opens and commits one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from lexora_gql.errors import Unavailable
from lexora_gql.storage.acting import ActingConnection, Actor, DatabaseRole
from lexora_gql.storage.turns import Turns


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A part of the server that acts for nobody in particular."""

    database_role: DatabaseRole
    user_id: UUID | None = None


ACCOUNTS = SystemActor(DatabaseRole.ACCOUNTS)
WORKER = SystemActor(DatabaseRole.WORKER)
SWEEPER = SystemActor(DatabaseRole.SWEEPER)

SESSION = {
    "jit": "off",
    # A process that is frozen, or whose machine is gone, keeps its rows locked until its transaction ends: nobody could
    # take its document over, and every feed it was writing to would stand still. No transaction of ours waits so long.
    "idle_in_transaction_session_timeout": "10s",
}

# For the time limit above a session is idle only between two requests. One whose process was frozen in the middle of a
# request, of which asyncpg sends some in two parts, is busy: it waits for the rest.
_END_FROZEN = text(
    "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    " AND state = 'active' AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - interval '10 s'"
)

TURN_SECONDS = 10.0
"""How long a use case waits for a connection."""


class DatabaseAway(Unavailable):
    """The database is away for the moment; try again."""


@dataclass(frozen=True, slots=True)
class Database:
    """PostgreSQL, one transaction per use case."""

    engine: AsyncEngine
    _turns: Turns

    @classmethod
    def connect(cls, address: str, *, pool_size: int, max_overflow: int, echo: bool = False) -> "Database":
        """Return a database; no connection is opened yet.

        Args:
            address: postgresql+asyncpg://…
            pool_size: Connections kept open.
            max_overflow: Connections opened beyond these where all of them are busy for long.
            echo: Log each statement, without its parameters.
        """
        engine = create_async_engine(
            address,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=TURN_SECONDS,
            pool_pre_ping=False,
            echo=echo,
            hide_parameters=True,
            connect_args={
                "timeout": 5,
                "command_timeout": 60,
                "server_settings": SESSION,
                "connection_class": ActingConnection,
            },
        )
        return cls(engine, Turns(pool_size, max_overflow))

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[AsyncSession]:
        """Open a transaction as an actor; commit on the way out, roll back on an exception.

        Raises:
            DatabaseAway: There is no connection to be had, or it broke; nothing is said about the outcome then.
        """
        async with self._turn():
            session = AsyncSession(self.engine, expire_on_commit=False, autoflush=False)
            try:
                async with session.begin():
                    driver = await session.run_sync(_driver)
                    with driver.acting_for(actor):
                        yield session
                        # What was only added is written while the actor still stands: it may be what begins at all.
                        if session.new or session.dirty or session.deleted:
                            await session.flush()
            except BaseException:
                async with session:
                    raise
            # It has given its connection back: nothing is left to wait for, and a wait is a tenth of a short use case.
            session.sync_session.close()

    async def rows(self, actor: Actor, query: str, *values: object) -> list[asyncpg.Record]:
        """Return the rows of one statement that is a transaction of its own: one message there and one back, not three.

        Args:
            actor: A viewer, whose id is $1. The statement takes its rows from functions that become that viewer first.
            query: For asyncpg.
            values: From $2 on.

        Raises:
            DatabaseAway: As `transaction`.
            IntegrityError: SQLAlchemy's, as statements of a session raise it.
        """
        assert actor.database_role is DatabaseRole.VIEWER, actor
        async with self._turn(), self.engine.connect() as connection:
            driver = await _open_driver(connection)
            try:
                found: list[asyncpg.Record] = await driver.fetch(query, actor.user_id, *values)
            except BaseException as error:
                # SQLAlchemy has not seen it, and would lend the connection again.
                await connection.invalidate(error)
                if isinstance(error, asyncpg.IntegrityConstraintViolationError):
                    raise IntegrityError(None, None, error) from error
                raise
            return found

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until a connection is free, in the order of coming."""
        with translated_errors():
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.take()
            try:
                yield
            finally:
                self._turns.give_back()

    async def scalar_as_owner(self, query: TextClause) -> str | None:
        """Return one text from the catalogue or from Alembic's table, which no role but the owner's may read.

        Raises:
            DatabaseAway: PostgreSQL does not answer.
        """
        with translated_errors():
            async with self.engine.connect() as connection:
                found: str | None = await connection.scalar(query)
                return found

    async def end_frozen(self) -> int:
        """End the sessions of processes that have stopped in the middle of a request; return how many.

        Raises:
            DatabaseAway: PostgreSQL does not answer.
        """
        return int(await self.scalar_as_owner(_END_FROZEN) or 0)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _driver(session: Session) -> ActingConnection:
    """Take a connection and return the driver's."""
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, ActingConnection), driver
    return driver


async def _open_driver(connection: AsyncConnection) -> ActingConnection:
    """Return the driver's connection, another one where that has been closed from the other side."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, ActingConnection), driver
    if driver.is_closed():
        await connection.invalidate()
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, ActingConnection), driver
    return driver


@contextmanager
def translated_errors() -> Iterator[None]:
    """Say DatabaseAway for whatever says that the connection or the server is in trouble."""
    try:
        yield
    except (OSError, PoolTimeout, InterfaceError, asyncpg.InterfaceError) as error:
        # The driver's own too: a connection that breaks just as it is given back is not always translated.
        raise DatabaseAway from error
    except asyncpg.PostgresError as error:
        if is_connection_trouble(error):
            raise DatabaseAway from error
        raise
    except (OperationalError, DBAPIError) as error:
        if error.connection_invalidated or is_connection_trouble(error.orig):
            raise DatabaseAway from error
        raise


def is_connection_trouble(error: BaseException | None) -> bool:
    """Return whether a driver's error is about the connection or the server, not about the statement."""
    while error is not None:
        if isinstance(
            error,
            OSError
            | asyncpg.PostgresConnectionError
            | asyncpg.CannotConnectNowError
            | asyncpg.AdminShutdownError
            | asyncpg.CrashShutdownError
            | asyncpg.TooManyConnectionsError
            | asyncpg.InterfaceError,
        ):
            return True
        error = error.__cause__
    return False
