"""What the doctor looks at in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from lexora_gql.settings import Settings, WrongSettings
from lexora_gql.terminal.findings import Finding, State
from lexora_gql.terminal.plain_text import one_line

CONNECT_SECONDS = 5.0
CLOCK_SECONDS_MAX = 2.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What this release needs of a database.

    Attributes:
        roles: Names of roles that the login role must be a member of.
        revisions: Migrations, the oldest first.
    """

    roles: Sequence[str]
    revisions: Sequence[str]


async def postgres(settings: Settings, expected: Expected) -> Sequence[Finding]:
    """Look at server, roles, migrations and clock."""
    subject = "PostgreSQL"
    try:
        address = settings.require_database_url().replace("postgresql+asyncpg://", "postgresql://", 1)
        connection = await asyncpg.connect(address, timeout=CONNECT_SECONDS)
    except WrongSettings as error:
        return [Finding(subject, State.BROKEN, error.lines[0])]
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [Finding(subject, State.BROKEN, f"does not answer: {one_line(str(error)) or type(error).__name__}")]
    try:
        version = await connection.fetchval("SHOW server_version")
        return [
            Finding(subject, State.GOOD, f"{version} answers"),
            await _roles(connection, expected.roles),
            await _migrations(connection, expected.revisions),
            await _clock(connection),
        ]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [Finding(subject, State.BROKEN, one_line(str(error)) or type(error).__name__)]
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _roles(connection: asyncpg.Connection, wanted: Sequence[str]) -> Finding:
    rows = await connection.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY($1::text[]) AND pg_has_role(current_user, oid, 'MEMBER')",
        list(wanted),
    )
    missing = sorted(set(wanted) - {row["rolname"] for row in rows})
    if missing:
        return Finding("Roles", State.BROKEN, f"missing, or not granted: {', '.join(missing)}; run `lexora migrate`")
    return Finding("Roles", State.GOOD, f"all {len(wanted)} are there")


async def _migrations(connection: asyncpg.Connection, known: Sequence[str]) -> Finding:
    if await connection.fetchval("SELECT to_regclass('alembic_version')::text") is None:
        return Finding("Migrations", State.BROKEN, "none has run; run `lexora migrate`")
    current = await connection.fetchval("SELECT version_num FROM alembic_version")
    if current == known[-1]:
        return Finding("Migrations", State.GOOD, f"at {current}, the newest")
    if current not in known:
        # A migration works while the previous release still runs: that may be us.
        return Finding("Migrations", State.DEGRADED, f"at {current}, which is newer than this release")
    return Finding("Migrations", State.BROKEN, f"at {current}, newest is {known[-1]}; run `lexora migrate`")


async def _clock(connection: asyncpg.Connection) -> Finding:
    # Sessions and links end by our clock, leases by the database's.
    seconds = float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp() - $1)", datetime.now(UTC)))
    state = State.GOOD if abs(seconds) <= CLOCK_SECONDS_MAX else State.DEGRADED
    return Finding("Clock", state, f"{abs(seconds):.1f} s apart from the database's")
