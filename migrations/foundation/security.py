"""Roles, what each may touch, and which rows of it.

Four roles without login, taken on by the server's own login role for the length of one transaction:

- lexora_viewer: a signed-in user. Sees own rows, and those of collections shared with them.
- lexora_accounts: sign-in. Sees secrets, never a document or a conversation.
- lexora_worker: ingestion. Sees documents, never a secret or a conversation's text.
- lexora_sweeper: reconciliation and purging. Moves leases and removes leftovers.
"""

from alembic import op

from migrations.foundation.functions import FUNCTIONS

ROLES = ("lexora_viewer", "lexora_accounts", "lexora_worker", "lexora_sweeper")
MINE = "(SELECT lexora_viewer_id())"
READABLE = "(SELECT lexora_readable_collections())"
WRITABLE = "(SELECT lexora_writable_collections())"
ALL = "SELECT, INSERT, UPDATE, DELETE"
OWNED = "collection_id IN (SELECT lexora_owned_collections())"

# Table → command → the rows that a viewer may touch. What is not named is refused.
VIEWER: dict[str, dict[str, str]] = {
    "users": {"SELECT": f"id = {MINE} OR id IN (SELECT lexora_acquaintances())", "UPDATE": f"id = {MINE}"},
    "sessions": {"SELECT": f"user_id = {MINE}", "UPDATE": f"user_id = {MINE}"},
    "api_keys": dict.fromkeys(("SELECT", "INSERT", "UPDATE"), f"user_id = {MINE}"),
    "audit_entries": {"INSERT": f"actor_id = {MINE}"},
    "quota_limits": {"SELECT": f"user_id = {MINE}"},
    "usage": dict.fromkeys(("SELECT", "INSERT", "UPDATE"), f"user_id = {MINE}"),
    "collections": {
        "SELECT": f"owner_id = {MINE} OR id IN {READABLE}",
        "INSERT": f"owner_id = {MINE}",
        "UPDATE": f"owner_id = {MINE}",
        "DELETE": f"owner_id = {MINE} AND NOT is_personal",
    },
    "collection_members": {
        "SELECT": f"collection_id IN {READABLE}",
        "INSERT": OWNED,
        "UPDATE": OWNED,
        "DELETE": f"user_id = {MINE} OR {OWNED}",
    },
    "invitations": dict.fromkeys(ALL.split(", "), OWNED),
    "documents": {
        "SELECT": f"collection_id IN {READABLE}",
        "INSERT": f"owner_id = {MINE} AND collection_id IN {WRITABLE}",
        "UPDATE": f"collection_id IN {WRITABLE}",
        "DELETE": f"collection_id IN {WRITABLE}",
    },
    "document_texts": {"SELECT": f"collection_id IN {READABLE}"},
    "chunks": {"SELECT": f"collection_id IN {READABLE}"},
    "removals": {"SELECT": f"collection_id IN {READABLE}", "INSERT": f"collection_id IN {WRITABLE}"},
    "feeds": {"SELECT": f"user_id = {MINE}"},
    "feed_entries": {"SELECT": f"user_id = {MINE}"},
    "purges": {"INSERT": "true"},
    "conversations": dict.fromkeys(ALL.split(", "), f"owner_id = {MINE}"),
    "messages": dict.fromkeys(ALL.split(", "), f"owner_id = {MINE}"),
    "answer_sources": dict.fromkeys(ALL.split(", "), f"owner_id = {MINE}"),
    "citations": dict.fromkeys(ALL.split(", "), f"owner_id = {MINE}"),
    "idempotency_keys": dict.fromkeys(ALL.split(", "), f"owner_id = {MINE}"),
}

# Where a viewer may change some columns of a row only: nobody makes themselves an administrator.
VIEWER_UPDATES: dict[str, str] = {
    "users": "full_name, updated_at",
    "sessions": "revoked_at",
    "api_keys": "name, revoked_at",
}

# Table → privileges, on every row.
SYSTEM: dict[str, dict[str, str]] = {
    "lexora_accounts": {
        **dict.fromkeys(
            ("users", "passwords", "identities", "sessions", "refresh_tokens", "email_tokens", "api_keys"), ALL
        ),
        "login_attempts": ALL,
        "audit_entries": "SELECT, INSERT",
        "quota_limits": ALL,
        "usage": "SELECT",
        "collections": "SELECT, INSERT",
        "feeds": "SELECT, INSERT",
        # Where registration is by invitation.
        "invitations": "SELECT",
    },
    "lexora_worker": {
        "documents": "SELECT, UPDATE",
        "document_texts": ALL,
        "chunks": ALL,
        "cached_vectors": ALL,
        "collections": "SELECT",
        "removals": "SELECT, INSERT",
        "turns": ALL,
        "usage": ALL,
        # Where a new version of a document moves the words that are quoted.
        "citations": "SELECT, UPDATE",
        "answer_sources": "SELECT, UPDATE",
        "reindexes": ALL,
    },
    "lexora_sweeper": {
        "documents": "SELECT, UPDATE",
        "messages": "SELECT, UPDATE",
        "purges": ALL,
        "login_attempts": "SELECT, DELETE",
        "idempotency_keys": "SELECT, DELETE",
        "sessions": "SELECT, DELETE",
        "email_tokens": "SELECT, DELETE",
        "cached_vectors": "SELECT, DELETE",
        "chunks": "SELECT",
        "collections": "SELECT",
        "reindexes": "SELECT",
    },
}


def create() -> None:
    """Make the roles, the functions, and a policy for every table."""
    for role in ROLES:
        _create_role(role)
    for function in FUNCTIONS:
        op.execute(function)
    for table in _tables():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM PUBLIC")
    for table, rules in VIEWER.items():
        for command, rows in rules.items():
            _viewer_policy(table, command, rows)
    for role, tables in SYSTEM.items():
        for table, privileges in tables.items():
            op.execute(f"GRANT {privileges} ON {table} TO {role}")
            op.execute(f"CREATE POLICY {role} ON {table} FOR ALL TO {role} USING (true) WITH CHECK (true)")


def _create_role(role: str) -> None:
    # Roles belong to the whole cluster: another database, or another server starting, may have made them already.
    op.execute(
        f"""DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                CREATE ROLE {role} NOLOGIN NOINHERIT;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$"""
    )
    op.execute(f"GRANT {role} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")


def _viewer_policy(table: str, command: str, rows: str) -> None:
    columns = f" ({VIEWER_UPDATES[table]})" if command == "UPDATE" and table in VIEWER_UPDATES else ""
    op.execute(f"GRANT {command}{columns} ON {table} TO lexora_viewer")
    checks = {"SELECT": "USING ({0})", "DELETE": "USING ({0})", "INSERT": "WITH CHECK ({0})"}
    clause = checks.get(command, "USING ({0}) WITH CHECK ({0})").format(rows)
    op.execute(f"CREATE POLICY viewer_{command.lower()} ON {table} FOR {command} TO lexora_viewer {clause}")


def _tables() -> list[str]:
    # Alembic's own table is made before this runs and is nobody's business but the owner's.
    rows = op.get_bind().exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    return [str(row[0]) for row in rows]
