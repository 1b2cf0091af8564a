"""From the first migration to generations of vectors, over a database that is in use."""

import asyncio
from argparse import Namespace
from collections.abc import Callable

import asyncpg
from alembic import command
from alembic.config import Config

from lexora_gql.settings import load_settings
from tests.database import create_empty_database
from tests.shared_data import PROJECT

FILL = """
    INSERT INTO users (id, email, email_key, role, is_active) VALUES (gen_random_uuid(), 'a', 'a', 'USER', true);
    INSERT INTO collections (id, owner_id, name, is_personal) SELECT gen_random_uuid(), id, 'c', true FROM users;
    INSERT INTO documents
        (id, owner_id, collection_id, filename, title, media_type, byte_size, sha256, blob_key, status, stage)
        SELECT gen_random_uuid(), owner_id, id, 'f', 't', 'text/plain', 1, 'h', 'b', 'READY', 'DONE' FROM collections;
    INSERT INTO chunks
        (id, document_id, collection_id, ordinal, text, context, headings, char_start, char_end, token_count,
        content_sha256, embedder, vector)
        SELECT gen_random_uuid(), id, collection_id, n, 't', '', '{}', 0, 1, 1, 'h',
            CASE n WHEN 1 THEN 'few' ELSE 'many' END, 'v'
        FROM documents, generate_series(1, 3) AS n;
"""


async def migrate(url: str, how: Callable[[Config, str], None], revision: str) -> None:
    config = Config(
        PROJECT / "alembic.ini", cmd_opts=Namespace(x=[f"url={load_settings(database_url=url).require_database_url()}"])
    )
    await asyncio.to_thread(how, config, revision)


class TestTheMigration:
    async def test_the_vectors_of_most_passages_serve_and_the_release_before_goes_on(self, postgres_url: str) -> None:
        url = await create_empty_database(postgres_url)
        await migrate(url, command.upgrade, "0001")
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(FILL)
            await migrate(url, command.upgrade, "0002")
            rows = await connection.fetch("SELECT number, embedder, folded_at IS NOT NULL AS folded FROM generations")
            assert [tuple(row) for row in rows] == [(1, "many", True)]
            # As the release before writes.
            await connection.execute("SET ROLE lexora_worker")
            await connection.execute("INSERT INTO reindexes (id, embedder, total) VALUES (gen_random_uuid(), 'e', 1)")
            await connection.execute("DELETE FROM chunks WHERE embedder = 'few'")
            await connection.execute("RESET ROLE")

            await migrate(url, command.downgrade, "0001")
            assert await connection.fetchval("SELECT count(*) FROM chunks WHERE embedder = 'many'") == 2
            await migrate(url, command.upgrade, "head")
            assert await connection.fetchval("SELECT embedder FROM generations") == "many"
        finally:
            await connection.close()

    async def test_in_an_empty_database_nothing_serves_yet(self, database_url: str) -> None:
        connection = await asyncpg.connect(database_url)
        try:
            assert await connection.fetch("SELECT * FROM lexora_generation()") == []
        finally:
            await connection.close()
