"""Whether the database is as this release needs it."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from lexora_gql.storage.database import Database

PROJECT = Path(__file__).resolve().parents[2]


def alembic_config() -> Config:
    """Return Alembic's configuration, which stands beside the package."""
    return Config(PROJECT / "alembic.ini")


@cache
def revisions() -> tuple[str, ...]:
    """Return this release's migrations, the oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return tuple(script.revision for script in reversed(list(scripts.walk_revisions())))


async def missing_migrations(database: Database) -> tuple[str, ...]:
    """Return the migrations that the database lacks, the oldest first; empty for one that is newer than this release.

    Raises:
        DatabaseAway: PostgreSQL does not answer.
    """
    known = revisions()
    present = await database.scalar_as_owner(text("SELECT to_regclass('alembic_version')::text"))
    if present is None:
        return known
    current = await database.scalar_as_owner(text("SELECT version_num FROM alembic_version"))
    return known[known.index(current) + 1 :] if current in known else ()
