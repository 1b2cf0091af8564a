"""What an answer that is being written asks for again and again, one statement each, as 0007 does for searches.

To keep its lease and what there is of it, every second, and to look at it, by everybody who watches it. The release
before goes on without these functions.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BECOME = "PERFORM set_config('role', 'lexora_viewer', true), set_config('lexora.viewer_id', viewer::text, true);"
FUNCTIONS = {
    "lexora_message(uuid, uuid)": f"""CREATE FUNCTION lexora_message(viewer uuid, wanted uuid)
RETURNS SETOF messages LANGUAGE plpgsql ROWS 1 AS $$
BEGIN
    {BECOME}
    RETURN QUERY SELECT m.* FROM messages m WHERE m.id = wanted;
END $$""",
    "lexora_renew_answer(uuid, uuid, uuid, text, interval)": f"""CREATE FUNCTION lexora_renew_answer(
    viewer uuid, answer uuid, token uuid, news text, lease interval
)
RETURNS TABLE (is_stop_wanted boolean) LANGUAGE plpgsql ROWS 1 AS $$
BEGIN
    {BECOME}
    RETURN QUERY UPDATE messages m
    SET content = coalesce(news, m.content), lease_until = clock_timestamp() + lease
    WHERE m.id = answer AND m.lease_token = token
    RETURNING m.stop_requested_at IS NOT NULL;
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
