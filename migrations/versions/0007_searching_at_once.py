"""What a search reads, one statement each: it says itself for whom, and is a transaction of its own.

A transaction of three messages takes three times as long, most of it waiting. The functions run as whoever calls them,
which only the owner of the tables may; inside they become the viewer, and row-level security decides what there is.
The release before goes on without them.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BECOME = "PERFORM set_config('role', 'lexora_viewer', true), set_config('lexora.viewer_id', viewer::text, true);"
FUNCTIONS = {
    "lexora_searchable(uuid, uuid[])": f"""CREATE FUNCTION lexora_searchable(viewer uuid, wanted uuid[])
RETURNS TABLE (collection_id uuid, revision bigint, number bigint, embedder text) LANGUAGE plpgsql ROWS 10 AS $$
BEGIN
    {BECOME}
    RETURN QUERY SELECT c.id, c.revision, g.number, g.embedder
    FROM collections c LEFT JOIN lexora_generation() g ON true
    WHERE c.revision > 0 AND (wanted IS NULL OR c.id = ANY (wanted)) ORDER BY c.id;
END $$""",
    "lexora_found_chunks(uuid, bigint[])": f"""CREATE FUNCTION lexora_found_chunks(viewer uuid, numbers bigint[])
RETURNS SETOF chunks LANGUAGE plpgsql ROWS 10 AS $$
BEGIN
    {BECOME}
    RETURN QUERY SELECT c.* FROM chunks c WHERE c.number = ANY (numbers);
END $$""",
    "lexora_found_documents(uuid, bigint[])": f"""CREATE FUNCTION lexora_found_documents(viewer uuid, numbers bigint[])
RETURNS SETOF documents LANGUAGE plpgsql ROWS 10 AS $$
BEGIN
    {BECOME}
    RETURN QUERY SELECT d.* FROM documents d
    WHERE d.id IN (SELECT c.document_id FROM chunks c WHERE c.number = ANY (numbers));
END $$""",
}


def upgrade() -> None:
    """Add the functions."""
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")


def downgrade() -> None:
    """Take them away."""
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
