"""Generations of vectors: the next one is built beside the one that serves.

Only adds: the release before goes on reading and writing chunks with the vectors beside them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("generations", "chunk_vectors", "reembeddings")
GRANTS = (
    *(("lexora_worker", "SELECT, INSERT, UPDATE, DELETE", table) for table in TABLES),
    # Who starts a reindex is written down in the transaction that starts it.
    ("lexora_worker", "INSERT", "audit_entries"),
)


def upgrade() -> None:
    """Add tables and columns, and say whose vectors serve."""
    _create_tables()
    _secure()
    # Where several embedders' vectors are stored, most passages stay found by meaning.
    op.execute(
        "INSERT INTO generations (number, embedder, folded_at)"
        " SELECT 1, embedder, now() FROM chunks GROUP BY embedder ORDER BY count(*) DESC, embedder LIMIT 1"
    )


def downgrade() -> None:
    """Go back to vectors beside their chunks only; a generation that is not folded has to be built again."""
    op.execute("DROP POLICY lexora_worker ON audit_entries")
    op.execute("REVOKE INSERT ON audit_entries FROM lexora_worker")
    op.execute("DROP FUNCTION lexora_generation()")
    for table in reversed(TABLES):
        op.drop_table(table)
    for column in ("moved_at", "not_before", "outages"):
        op.drop_column("reindexes", column)


def _create_tables() -> None:
    op.create_table(
        "generations",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("embedder", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_generations")),
    )
    op.create_table(
        "chunk_vectors",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("embedder", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_chunk_vectors_chunk_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chunk_id", "embedder", name=op.f("pk_chunk_vectors")),
    )
    op.create_table(
        "reembeddings",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_reembeddings")),
    )
    moment = sa.DateTime(timezone=True)
    op.add_column("reindexes", sa.Column("outages", sa.Integer(), server_default="0", nullable=False))
    op.add_column("reindexes", sa.Column("not_before", moment, nullable=True))
    op.add_column("reindexes", sa.Column("moved_at", moment, server_default=sa.text("now()"), nullable=False))
    op.alter_column("reindexes", "moved_at", server_default=sa.text("clock_timestamp()"))


def _secure() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM PUBLIC")
    for role, privileges, table in GRANTS:
        op.execute(f"GRANT {privileges} ON {table} TO {role}")
        command = "INSERT" if privileges == "INSERT" else "ALL"
        using = "" if command == "INSERT" else "USING (true) "
        op.execute(f"CREATE POLICY {role} ON {table} FOR {command} TO {role} {using}WITH CHECK (true)")
    op.execute("GRANT SELECT ON chunk_vectors TO lexora_viewer")
    op.execute(
        "CREATE POLICY viewer_select ON chunk_vectors FOR SELECT TO lexora_viewer"
        " USING (collection_id IN (SELECT lexora_readable_collections()))"
    )
    # Who searches has to know which vectors serve, and nothing else of the table.
    op.execute(
        """CREATE FUNCTION lexora_generation(OUT number bigint, OUT embedder text) RETURNS SETOF record
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT g.number, g.embedder FROM generations g ORDER BY g.number DESC LIMIT 1
        $$"""
    )
