"""Points in the way of a document at which a process can be made to stand still, found from outside: by triggers.

A trigger of the campaign's own database takes an advisory lock where a row passes a point. While the campaign holds
that lock, whoever comes to the point waits there, in the middle of its transaction or of its commit, and can be killed
for certain. The product knows nothing of it. A second trigger writes a history that outlives whoever made it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

LOCKS = 5_391
LOOK_SECONDS = 0.01
CHANGES = "OLD.status = 'PROCESSING' AND NEW.status = 'PROCESSING' AND NEW.stage = "


class Point(StrEnum):
    """Where a process can be stopped; its value says what it is doing there."""

    CLAIMING = "claiming a document"
    CLAIMED = "its claim just committed"
    PARSING = "PARSING"
    CHUNKING = "CHUNKING"
    EMBEDDING = "EMBEDDING"
    INDEXING = "INDEXING"
    STORING = "storing chunks"
    PUBLISHING = "all rows written, before the commit"
    COMMITTING = "in the middle of the commit"
    COMMITTED = "after the commit, before the bell"
    TAKING_BACK = "taking a document from a lost worker"
    PURGING = "about to remove a file"
    PURGED = "a file removed, its purge not yet"
    ACCEPTING = "an upload, in its commit"
    DELETING = "a deletion, in its commit"


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a row passes a point.

    Attributes:
        on: Event and table.
        when: What must hold of the row.
        is_at_commit: Not with the statement, but when the transaction commits.
        whose: Whose processes stop there, by the beginning of their names.
    """

    on: str
    when: str = ""
    is_at_commit: bool = False
    whose: str = "worker"


TRIGGERS = {
    Point.CLAIMING: Trigger("UPDATE ON documents", "OLD.status = 'PENDING' AND NEW.status = 'PROCESSING'"),
    Point.CLAIMED: Trigger("UPDATE ON documents", "OLD.status = 'PENDING' AND NEW.status = 'PROCESSING'", True),
    Point.PARSING: Trigger("UPDATE ON documents", f"{CHANGES} 'PARSING'"),
    Point.CHUNKING: Trigger("UPDATE ON documents", f"{CHANGES} 'CHUNKING'"),
    Point.EMBEDDING: Trigger("UPDATE ON documents", f"{CHANGES} 'EMBEDDING'"),
    Point.INDEXING: Trigger("UPDATE ON documents", f"{CHANGES} 'INDEXING'"),
    Point.STORING: Trigger("INSERT ON chunks", "NEW.ordinal = 0"),
    Point.PUBLISHING: Trigger("UPDATE ON documents", "OLD.status = 'PROCESSING' AND NEW.status = 'READY'"),
    Point.COMMITTING: Trigger("UPDATE ON documents", "OLD.status = 'PROCESSING' AND NEW.status = 'READY'", True),
    Point.COMMITTED: Trigger("UPDATE ON documents", "OLD.status = 'PROCESSING' AND NEW.status = 'READY'", True),
    Point.TAKING_BACK: Trigger("UPDATE ON documents", "NEW.losses > OLD.losses"),
    Point.PURGING: Trigger("UPDATE ON purges", is_at_commit=True),
    Point.PURGED: Trigger("DELETE ON purges"),
    Point.ACCEPTING: Trigger("INSERT ON documents", is_at_commit=True, whose="api"),
    Point.DELETING: Trigger("DELETE ON documents", is_at_commit=True, whose="api"),
}

FOUNDATION = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.history (
    number bigserial PRIMARY KEY, document_id uuid, was text, became text, stage text, attempt int, losses int,
    ready_again boolean, by text, at timestamptz DEFAULT clock_timestamp()
);
CREATE FUNCTION chaos.stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF starts_with(session_user, TG_ARGV[1]) THEN
        PERFORM pg_advisory_lock_shared({locks}, TG_ARGV[0]::int);
        PERFORM pg_advisory_unlock_shared({locks}, TG_ARGV[0]::int);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION chaos.remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO chaos.history (document_id, was, became, stage, attempt, losses, ready_again, by)
    VALUES (NEW.id, OLD.status, NEW.status, NEW.stage, NEW.attempt, NEW.losses,
            NEW.ready_at IS DISTINCT FROM OLD.ready_at, session_user);
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_history AFTER UPDATE ON documents FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.ready_at IS DISTINCT FROM NEW.ready_at OR OLD.losses <> NEW.losses)
    EXECUTE FUNCTION chaos.remember();
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A process that stands at a point.

    Attributes:
        who: The name with which it signed in to PostgreSQL.
        backend: The process of PostgreSQL that serves it.
        signed_in_at: By PostgreSQL's clock.
    """

    who: str
    backend: int
    signed_in_at: float


@dataclass(slots=True)
class Points:
    """The points of one database."""

    url: str

    async def prepare(self, people: list[tuple[str, str]]) -> None:
        """Put triggers into a migrated database, and make a user for each process, so that it is known by name."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(FOUNDATION.replace("{locks}", str(LOCKS)))
            for point, trigger in TRIGGERS.items():
                await connection.execute(_created(point, trigger))
            for name, password in people:
                # As the owner of the tables, who becomes the unprivileged roles as the product asks.
                await connection.execute(f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{password}'")
        finally:
            await connection.close()

    @asynccontextmanager
    async def armed(self, point: Point) -> "AsyncIterator[ArmedPoint]":
        """Make whoever comes to a point wait there until the end of the context."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute("SELECT pg_advisory_lock($1, $2)", LOCKS, _number(point))
            yield ArmedPoint(connection, point)
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class ArmedPoint:
    """A point at which everybody waits."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    point: Point

    async def reached(
        self, is_meant: Callable[[Standing], bool], is_gone: Callable[[Standing], bool], *, within_seconds: float
    ) -> Standing | None:
        """Wait until somebody who is meant stands there; None where nobody comes in time.

        The sessions of those who are gone are ended: PostgreSQL lets them stand there, with what they have locked, and
        then nobody else can come.
        """
        query = """
            SELECT usename, pid, extract(epoch FROM backend_start)::float FROM pg_locks
            JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND NOT granted AND classid = $1 AND objid = $2
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_seconds
        while loop.time() < deadline:
            for row in await self.connection.fetch(query, LOCKS, _number(self.point)):
                if is_gone(standing := Standing(*row)):
                    await self.end_session(standing)
                elif is_meant(standing):
                    return standing
            await asyncio.sleep(LOOK_SECONDS)
        return None

    async def end_session(self, standing: Standing) -> None:
        """End somebody's session, and with it the transaction."""
        await self.connection.execute("SELECT pg_terminate_backend($1, 5000)", standing.backend)


def _number(point: Point) -> int:
    return list(Point).index(point)


def _created(point: Point, trigger: Trigger) -> str:
    kind = "CONSTRAINT TRIGGER" if trigger.is_at_commit else "TRIGGER"
    deferred = "DEFERRABLE INITIALLY DEFERRED" if trigger.is_at_commit else ""
    when = f"WHEN ({trigger.when})" if trigger.when else ""
    return (
        f"CREATE {kind} chaos_point_{point.name.lower()} AFTER {trigger.on} {deferred} FOR EACH ROW {when} "
        f"EXECUTE FUNCTION chaos.stand('{_number(point)}', '{trigger.whose}')"
    )
