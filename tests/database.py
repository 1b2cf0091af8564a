"""A migrated database for the tests, emptied after each of them."""

import asyncio
from argparse import Namespace
from typing import cast
from uuid import uuid4

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import exists, select

# Each fills the metadata with its domain's tables.
import lexora_gql.accounts.models
import lexora_gql.conversations.models
import lexora_gql.documents.models  # noqa: F401  # as above
from lexora_gql.accounts.models import User
from lexora_gql.settings import load_settings
from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database
from tests.shared_data import PROJECT


async def create_database(server_url: str) -> str:
    """Return the address of a fresh, migrated database.

    Args:
        server_url: postgresql://… of someone who may make databases, as the fixture `postgres_url` gives it.
    """
    url = await create_empty_database(server_url)
    # Alembic's env.py runs a loop of its own, which only another thread may do.
    await asyncio.to_thread(migrate, url)
    return url


async def create_empty_database(server_url: str) -> str:
    """Return the address of a fresh database without any table."""
    name = f"lexora_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    base, separator, query = server_url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}{separator}{query}"


def migrate(url: str) -> None:
    """Bring a database to the newest migration."""
    address = load_settings(database_url=url).require_database_url()
    command.upgrade(Config(PROJECT / "alembic.ini", cmd_opts=Namespace(x=[f"url={address}"])), "head")


def connect(url: str, *, connections: int = 20) -> Database:
    """Return a database that opens so many connections at most."""
    address = load_settings(database_url=url).require_database_url()
    return Database.connect(address, pool_size=connections, max_overflow=0)


async def is_occupied(database: Database) -> bool:
    """Return whether there is an account, without which there is nothing else."""
    async with database.engine.begin() as connection:
        return bool(await connection.scalar(select(exists(User.id))))


async def empty(database: Database) -> None:
    """Delete every row, those that refer to others first."""
    statements = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables))
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        # One message is one transaction. Statement by statement it took longer than most tests.
        await cast("asyncpg.Connection[asyncpg.Record]", driver).execute(statements)
