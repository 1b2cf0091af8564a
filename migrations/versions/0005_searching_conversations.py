"""Words of conversations: an index of what was said, and whether a title was given or made.

The release before goes on: titles that it stores count as given, and the index needs nothing of it. Messages cannot be
written while the index is built.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Three characters in a row within a word; two of scripts that write words of two characters without blanks. Each is
# hashed with its owner, so that what others have said makes nobody's search longer. From U+0E00 on: Thai, Khmer,
# Chinese, Japanese, Korean. No subscripts: one into an array of texts walks there from the beginning each time.
GRAMS = r"""CREATE FUNCTION lexora_grams(owner uuid, said text) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    WITH runs AS (
        SELECT a, lead(a) OVER place AS b, lead(a, 2) OVER place AS c
        FROM unnest(string_to_array(lower(normalize(said, NFKC)), NULL)) WITH ORDINALITY AS one (a, number)
        WINDOW place AS (ORDER BY number)
    ),
    grams AS (
        SELECT a || b || c AS gram FROM runs WHERE c IS NOT NULL AND a || b || c !~ '\s'
        UNION
        SELECT a || b FROM runs WHERE ascii(a) >= 3584 AND ascii(b) >= 3584 AND a || b !~ '\s'
    )
    SELECT coalesce(array_agg(hashtextextended(gram, uuid_hash_extended(owner, 0))), '{}') FROM grams
$$"""
# It runs as the owner of the tables: row-level security would keep the index from being used, since what compares
# arrays might tell of rows that a viewer may not see. So it asks whose they are itself.
HOLDING = """CREATE FUNCTION lexora_conversations_holding(word text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT conversation_id FROM messages
    WHERE owner_id = lexora_viewer_id() AND status <> 'GENERATING'
    AND lexora_grams(owner_id, content) @> lexora_grams(lexora_viewer_id(), word)
    AND strpos(lower(normalize(content, NFKC)), lower(normalize(word, NFKC))) > 0
$$"""


def upgrade() -> None:
    """Add the column, the functions and the index."""
    op.add_column(
        "conversations", sa.Column("is_title_made", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute(GRAMS)
    op.execute(
        "CREATE INDEX ix_messages_grams ON messages USING gin (lexora_grams(owner_id, content)) "
        "WHERE status <> 'GENERATING'"
    )
    op.execute(HOLDING)
    op.execute("REVOKE EXECUTE ON FUNCTION lexora_conversations_holding(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION lexora_conversations_holding(text) TO lexora_viewer")


def downgrade() -> None:
    """Take them away."""
    op.execute("DROP FUNCTION lexora_conversations_holding(text)")
    op.drop_index("ix_messages_grams", table_name="messages")
    op.execute("DROP FUNCTION lexora_grams(uuid, text)")
    op.drop_column("conversations", "is_title_made")
