"""How Alembic reaches the database: by DATABASE_URL, one migration at a time on the whole cluster's database."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

import lexora_gql.accounts.models
import lexora_gql.conversations.models
import lexora_gql.documents.models  # noqa: F401  # the three of them fill the metadata
from lexora_gql.settings import load_settings
from lexora_gql.storage.base import Base

# Any number will do, as long as all releases agree on it.
MIGRATION_LOCK = 5_391_406_227


def run(connection: Connection) -> None:
    """Migrate under an advisory lock, so that two starting servers do not meet."""
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
        context.run_migrations()


async def main() -> None:
    """Open one connection and migrate."""
    address = context.get_x_argument(as_dictionary=True).get("url") or load_settings().require_database_url()
    engine = create_async_engine(address, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
