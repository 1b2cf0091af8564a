"""What is written of an answer before its first word and at its end, and what is read beside it, one statement each.

As 0007 does for searches and 0008 for what an answer asks for every second. The release before goes on without these
functions.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BECOME = "PERFORM set_config('role', 'lexora_viewer', true), set_config('lexora.viewer_id', viewer::text, true);"
# A chunk or a document that was deleted meanwhile is referred to no more; its words stay.
CHUNK = "(SELECT c.id FROM chunks c WHERE c.id = given.chunk_id)"
DOCUMENT = "(SELECT d.id FROM documents d WHERE d.id = given.document_id)"
FUNCTIONS = {
    "lexora_sources(uuid, uuid[])": f"""CREATE FUNCTION lexora_sources(viewer uuid, answers uuid[])
RETURNS SETOF answer_sources LANGUAGE plpgsql ROWS 10 AS $$
BEGIN
    {BECOME}
    RETURN QUERY SELECT s.* FROM answer_sources s WHERE s.message_id = ANY (answers) ORDER BY s.message_id, s.marker;
END $$""",
    "lexora_citations(uuid, uuid[])": f"""CREATE FUNCTION lexora_citations(viewer uuid, answers uuid[])
RETURNS SETOF citations LANGUAGE plpgsql ROWS 10 AS $$
BEGIN
    {BECOME}
    RETURN QUERY SELECT c.* FROM citations c WHERE c.message_id = ANY (answers) ORDER BY c.message_id, c.ordinal;
END $$""",
    "lexora_tell_sources(uuid, uuid, uuid, jsonb, jsonb)": f"""CREATE FUNCTION lexora_tell_sources(
    viewer uuid, answer uuid, token uuid, told jsonb, sources jsonb
)
RETURNS TABLE (is_stop_wanted boolean) LANGUAGE plpgsql ROWS 1 AS $$
BEGIN
    {BECOME}
    UPDATE messages m
    SET query = t.query, candidates = t.candidates, took_milliseconds = t.took_milliseconds, mode = t.mode
    FROM jsonb_to_record(told) AS t(query text, candidates integer, took_milliseconds double precision, mode text)
    WHERE m.id = answer AND m.lease_token = token
    RETURNING m.stop_requested_at IS NOT NULL INTO is_stop_wanted;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- Again, where the connection broke and nobody said that the commit had come through.
    INSERT INTO answer_sources (message_id, marker, owner_id, filename, chunk_id, score, semantic_rank, lexical_rank,
        fused_rank, rerank_score)
    SELECT answer, given.marker, viewer, given.filename, {CHUNK}, given.score, given.semantic_rank,
        given.lexical_rank, given.fused_rank, given.rerank_score
    FROM jsonb_to_recordset(sources) AS given(marker integer, filename text, chunk_id uuid, score double precision,
        semantic_rank integer, lexical_rank integer, fused_rank integer, rerank_score double precision)
    ON CONFLICT DO NOTHING;
    RETURN NEXT;
END $$""",
    "lexora_end_answer(uuid, uuid, uuid, text, jsonb, jsonb)": f"""CREATE FUNCTION lexora_end_answer(
    viewer uuid, answer uuid, token uuid, said text, ending jsonb, cited jsonb
)
RETURNS TABLE (is_ours boolean) LANGUAGE plpgsql ROWS 1 AS $$
BEGIN
    {BECOME}
    is_ours := true;
    BEGIN
        -- A row of `usage` is locked before a message, never after.
        INSERT INTO usage (user_id, day, prompt_tokens, completion_tokens)
        SELECT viewer, (now() AT TIME ZONE 'UTC')::date, e.prompt_tokens, e.completion_tokens
        FROM jsonb_to_record(ending) AS e(prompt_tokens bigint, completion_tokens bigint)
        WHERE e.prompt_tokens IS NOT NULL
        ON CONFLICT (user_id, day) DO UPDATE SET
            prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = usage.completion_tokens + excluded.completion_tokens;
        UPDATE messages m
        SET status = e.status, content = said, finished_at = clock_timestamp(), lease_token = NULL, lease_until = NULL,
            mode = coalesce(e.mode, m.mode),
            prompt_tokens = coalesce(e.prompt_tokens, m.prompt_tokens),
            completion_tokens = coalesce(e.completion_tokens, m.completion_tokens),
            failure_code = e.failure_code, failure_message = e.failure_message,
            failure_is_retryable = e.failure_is_retryable
        FROM jsonb_to_record(ending) AS e(status text, mode text, prompt_tokens bigint, completion_tokens bigint,
            failure_code text, failure_message text, failure_is_retryable boolean)
        WHERE m.id = answer AND m.lease_token = token;
        IF NOT FOUND THEN
            RAISE no_data_found;
        END IF;
        INSERT INTO citations (message_id, ordinal, owner_id, marker, answer_start, answer_end, quote, char_start,
            char_end, page, verification, filename, document_id, chunk_id)
        SELECT answer, given.ordinal, viewer, given.marker, given.answer_start, given.answer_end, given.quote,
            given.char_start, given.char_end, given.page, given.verification, given.filename, {DOCUMENT}, {CHUNK}
        FROM jsonb_to_recordset(cited) AS given(ordinal integer, marker integer, answer_start integer,
            answer_end integer, quote text, char_start integer, char_end integer, page integer, verification text,
            filename text, document_id uuid, chunk_id uuid);
    EXCEPTION WHEN no_data_found THEN
        -- The lease is over: nothing of it is kept, nor counted.
        is_ours := false;
    END;
    RETURN NEXT;
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
