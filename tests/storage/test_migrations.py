import asyncio
import os
import sys

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database
from tests.database import create_empty_database
from tests.shared_data import PROJECT


def differences(connection: Connection, metadata: MetaData) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
    return list(compare_metadata(context, metadata))


class TestTheMigrations:
    async def test_they_lay_what_the_models_say(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences, Base.metadata) == []

    async def test_the_comparison_sees_a_table_and_a_column_that_were_forgotten(self, database: Database) -> None:
        grown = MetaData(naming_convention=Base.metadata.naming_convention)
        for table in Base.metadata.tables.values():
            table.to_metadata(grown)
        grown.tables["users"].append_column(sa.Column("nickname", sa.Text()))
        sa.Table("forgotten", grown, sa.Column("id", sa.Integer(), primary_key=True))

        async with database.engine.connect() as connection:
            found = await connection.run_sync(differences, grown)

        assert len(found) == 2
        assert "nickname" in repr(found)
        assert "forgotten" in repr(found)

    async def test_servers_that_start_together_do_not_meet(self, postgres_url: str) -> None:
        environment = {**os.environ, "DATABASE_URL": await create_empty_database(postgres_url)}
        command = (sys.executable, "-m", "alembic", "-c", str(PROJECT / "alembic.ini"), "upgrade", "head")

        servers = [await asyncio.create_subprocess_exec(*command, env=environment, cwd=PROJECT) for _ in range(3)]

        assert await asyncio.gather(*(server.wait() for server in servers)) == [0, 0, 0]
