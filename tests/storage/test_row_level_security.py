from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.storage.acting import Actor
from lexora_gql.storage.database import ACCOUNTS, SWEEPER, WORKER, Database
from tests.factories import Library
from tests.storage.full_account import FullAccount, full_account

ROLES = ("lexora_accounts", "lexora_sweeper", "lexora_viewer", "lexora_worker")
TABLES = text(
    """SELECT relname, relrowsecurity FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'alembic_version'"""
)
# A grant on some columns counts like one on the table.
GRANTS = text(
    """SELECT relname, role, command FROM pg_class, unnest(cast(:roles AS text[])) AS role,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS command
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND (has_table_privilege(role, pg_class.oid, command)
            OR (command <> 'DELETE' AND has_any_column_privilege(role, pg_class.oid, command)))"""
)
POLICIES = text("SELECT tablename, unnest(roles)::text, cmd FROM pg_policies WHERE schemaname = 'public'")
# What is held per user, and how to tell whose a row is.
OWNERS = {
    "users": "id",
    **dict.fromkeys(("sessions", "api_keys", "quota_limits", "usage", "feeds", "feed_entries"), "user_id"),
    **dict.fromkeys(("conversations", "messages", "answer_sources", "citations", "idempotency_keys"), "owner_id"),
    "collections": "owner_id",
    "documents": "owner_id",
}
IN_COLLECTIONS = ("collection_members", "invitations", "document_texts", "chunks", "chunk_vectors", "removals")
SECRET_TABLES = (
    *("passwords", "refresh_tokens", "email_tokens", "identities", "login_attempts", "audit_entries"),
    *("cached_vectors", "purges", "turns", "reindexes", "generations", "reembeddings", "alembic_version"),
)


async def gaps(connection: AsyncConnection) -> list[str]:
    """Return what row-level security leaves open or leads nowhere, one line each."""
    policies = {(table, role, command) for table, role, command in (await connection.execute(POLICIES)).all()}
    found = [
        f"{table} has no row-level security" for table, is_on in (await connection.execute(TABLES)).all() if not is_on
    ]
    for table, role, command in (await connection.execute(GRANTS, {"roles": list(ROLES)})).all():
        if not policies & {(table, role, command), (table, role, "ALL")}:
            found.append(f"{role} may {command} in {table} without a policy")
    return sorted(found)


async def rows(database: Database, actor: Actor, statement: str) -> Sequence[object]:
    async with database.transaction(actor) as session:
        return (await session.execute(text(statement))).scalars().all()


@pytest.fixture
async def ann(library: Library) -> FullAccount:
    return await full_account(library)


@pytest.fixture
async def bob(library: Library) -> FullAccount:
    return await full_account(library)


class TestEveryTable:
    async def test_it_has_row_level_security_and_a_policy_for_each_grant(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            assert await gaps(connection) == []

    async def test_the_check_sees_a_table_that_was_forgotten(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            await connection.execute(text("CREATE TABLE forgotten (id int)"))
            await connection.execute(text("GRANT SELECT ON forgotten TO lexora_viewer"))
            await connection.execute(text("CREATE TABLE half (id int, name text)"))
            await connection.execute(text("ALTER TABLE half ENABLE ROW LEVEL SECURITY"))
            await connection.execute(text("GRANT UPDATE (name) ON half TO lexora_worker"))
            found = await gaps(connection)
            await connection.rollback()

        assert found == [
            "forgotten has no row-level security",
            "lexora_viewer may SELECT in forgotten without a policy",
            "lexora_worker may UPDATE in half without a policy",
        ]

    async def test_the_public_has_nothing_and_the_roles_are_nobody_special(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            public = text(
                "SELECT table_name FROM information_schema.role_table_grants"
                " WHERE grantee = 'PUBLIC' AND table_schema = 'public'"
            )
            assert (await connection.execute(public)).all() == []
            special = text(
                "SELECT rolname FROM pg_roles WHERE rolname LIKE 'lexora\\_%'"
                " AND NOT (rolsuper OR rolbypassrls OR rolcanlogin OR rolinherit OR rolcreaterole OR rolcreatedb)"
                " ORDER BY rolname"
            )
            assert (await connection.execute(special)).scalars().all() == list(ROLES)

    async def test_functions_that_run_as_the_owner_look_nowhere_else(self, database: Database) -> None:
        query = text(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)"
        )
        async with database.engine.connect() as connection:
            assert (await connection.execute(query)).all() == []

    async def test_each_table_is_either_tried_here_or_closed_to_viewers(self, database: Database) -> None:
        query = text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND has_any_column_privilege('lexora_viewer', oid, 'SELECT') = :readable"
        )
        async with database.engine.connect() as connection:
            readable = (await connection.execute(query, {"readable": True})).scalars().all()
            closed = (await connection.execute(query, {"readable": False})).scalars().all()

        assert set(readable) == {*OWNERS, *IN_COLLECTIONS}
        assert set(closed) == set(SECRET_TABLES)


class TestAViewer:
    @pytest.mark.parametrize(("table", "owner"), OWNERS.items())
    async def test_sees_own_rows_only(
        self, database: Database, ann: FullAccount, bob: FullAccount, table: str, owner: str
    ) -> None:
        query = f"SELECT DISTINCT {owner} FROM {table}"
        async with database.engine.connect() as connection:
            everyone = set((await connection.execute(text(query))).scalars().all())
        seen = set(await rows(database, ann.viewer, query))

        assert {ann.viewer.user_id, bob.viewer.user_id} <= everyone
        assert ann.viewer.user_id in seen
        assert bob.viewer.user_id not in seen

    @pytest.mark.parametrize("table", IN_COLLECTIONS)
    async def test_sees_what_is_in_own_collections_only(
        self, database: Database, ann: FullAccount, bob: FullAccount, table: str
    ) -> None:
        query = f"SELECT DISTINCT collection_id FROM {table}"
        async with database.engine.connect() as connection:
            everything = set((await connection.execute(text(query))).scalars().all())

        assert everything == {ann.collection_id, bob.collection_id}
        assert await rows(database, ann.viewer, query) == [ann.collection_id]

    @pytest.mark.parametrize("table", SECRET_TABLES)
    async def test_cannot_read_secrets_of_anyone(self, database: Database, table: str) -> None:
        with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"):
            await rows(database, Viewer(uuid4()), f"SELECT 1 FROM {table}")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE documents SET title = 'Mine' WHERE id = '{document}' RETURNING 1",
            "UPDATE collections SET name = 'Mine' WHERE id = '{collection}' RETURNING 1",
            "UPDATE conversations SET title = 'Mine' WHERE id = '{conversation}' RETURNING 1",
            "UPDATE users SET full_name = 'Me' WHERE id = '{user}' RETURNING 1",
            "UPDATE sessions SET revoked_at = now() WHERE user_id = '{user}' RETURNING 1",
            "DELETE FROM documents WHERE id = '{document}' RETURNING 1",
            "DELETE FROM messages WHERE conversation_id = '{conversation}' RETURNING 1",
            "DELETE FROM collection_members WHERE collection_id = '{collection}' RETURNING 1",
        ],
    )
    async def test_changes_nothing_of_others(
        self, database: Database, ann: FullAccount, bob: FullAccount, statement: str
    ) -> None:
        def about(account: FullAccount) -> str:
            return statement.format(
                document=account.document_id,
                collection=account.collection_id,
                conversation=account.conversation_id,
                user=account.viewer.user_id,
            )

        assert await rows(database, ann.viewer, about(bob)) == []
        assert await rows(database, ann.viewer, about(ann)) != []

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO collections (id, owner_id, name, is_personal) SELECT gen_random_uuid(), '{user}', 'x', false",
            "INSERT INTO conversations (id, owner_id, title) VALUES (gen_random_uuid(), '{user}', 'x')",
            "INSERT INTO audit_entries (id, actor_id, action, outcome) VALUES (gen_random_uuid(), '{user}', 'x', 'y')",
            "UPDATE conversations SET owner_id = '{user}'",
            "UPDATE documents SET collection_id = '{collection}'",
            "UPDATE collections SET owner_id = '{user}'",
        ],
    )
    async def test_puts_nothing_into_the_name_of_others(
        self, database: Database, ann: FullAccount, bob: FullAccount, statement: str
    ) -> None:
        forged = statement.format(user=bob.viewer.user_id, collection=bob.collection_id)

        with pytest.raises(DBAPIError, match="violates row-level security policy"):
            async with database.transaction(ann.viewer) as session:
                await session.execute(text(forged))

    async def test_nobody_in_particular_sees_nothing(self, database: Database, ann: FullAccount) -> None:
        async with database.transaction(ann.viewer) as session:
            await session.execute(text("SELECT set_config('lexora.viewer_id', '', true)"))
            seen = [
                (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
                for table in (*OWNERS, *IN_COLLECTIONS)
            ]

        assert set(seen) == {0}


class TestTheServersOwnRoles:
    @pytest.mark.parametrize(
        ("actor", "table"),
        [
            *((ACCOUNTS, table) for table in ("documents", "document_texts", "chunks", "conversations", "messages")),
            *((WORKER, table) for table in ("users", "passwords", "sessions", "refresh_tokens", "api_keys")),
            *((WORKER, table) for table in ("conversations", "messages", "invitations")),
            *((SWEEPER, table) for table in ("users", "passwords", "refresh_tokens", "api_keys", "document_texts")),
        ],
    )
    async def test_they_read_what_they_need_and_no_more(self, database: Database, actor: Actor, table: str) -> None:
        with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"):
            await rows(database, actor, f"SELECT 1 FROM {table}")

    async def test_what_they_do_need_is_there(self, database: Database, ann: FullAccount) -> None:
        assert await rows(database, ACCOUNTS, "SELECT user_id FROM passwords") == [ann.viewer.user_id]
        assert await rows(database, WORKER, "SELECT document_id FROM document_texts") == [ann.document_id]
        assert await rows(database, SWEEPER, "SELECT id FROM documents") == [ann.document_id]

    async def test_a_viewer_is_a_viewer_whatever_their_role(self, database: Database, library: Library) -> None:
        admin = await library.admin()
        account = await full_account(library)

        assert await rows(database, admin, "SELECT id FROM users") == [admin.user_id]
        assert account.document_id not in await rows(database, admin, "SELECT id FROM documents")
