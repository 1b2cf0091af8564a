"""What policies and transactions call: who is asking, what they may read, and how changes get their numbers.

The functions run as the owner of the tables: a policy that read a table with a policy of its own would not end.
"""

DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"

FUNCTIONS = (
    """CREATE FUNCTION lexora_viewer_id() RETURNS uuid LANGUAGE sql STABLE AS $$
        SELECT nullif(current_setting('lexora.viewer_id', true), '')::uuid
    $$""",
    f"""CREATE FUNCTION lexora_owned_collections() RETURNS SETOF uuid {DEFINER} AS $$
        SELECT id FROM collections WHERE owner_id = lexora_viewer_id()
    $$""",
    f"""CREATE FUNCTION lexora_readable_collections() RETURNS SETOF uuid {DEFINER} AS $$
        SELECT id FROM collections WHERE owner_id = lexora_viewer_id()
        UNION ALL
        SELECT collection_id FROM collection_members WHERE user_id = lexora_viewer_id()
    $$""",
    f"""CREATE FUNCTION lexora_writable_collections() RETURNS SETOF uuid {DEFINER} AS $$
        SELECT id FROM collections WHERE owner_id = lexora_viewer_id()
        UNION ALL
        SELECT collection_id FROM collection_members
        WHERE user_id = lexora_viewer_id() AND access IN ('OWNER', 'EDITOR')
    $$""",
    f"""CREATE FUNCTION lexora_acquaintances() RETURNS SETOF uuid {DEFINER} AS $$
        SELECT owner_id FROM collections WHERE id IN (SELECT lexora_readable_collections())
        UNION
        SELECT user_id FROM collection_members WHERE collection_id IN (SELECT lexora_readable_collections())
        UNION
        SELECT owner_id FROM documents WHERE collection_id IN (
            SELECT collection_id FROM collection_members WHERE user_id = lexora_viewer_id()
            UNION ALL
            SELECT collection_id FROM collection_members WHERE collection_id IN (SELECT lexora_owned_collections())
        )
    $$""",
    # The row lock is held until the commit: a reader that sees number n sees every number below it.
    """CREATE FUNCTION lexora_next_revision(collection uuid) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE collections SET revision = revision + 1 WHERE id = collection RETURNING revision
    $$""",
    # Feeds are locked in the order of their users, so that two publishers never wait for each other.
    """CREATE FUNCTION lexora_publish(collection uuid, document uuid, deleted boolean) RETURNS SETOF uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE reader uuid; place bigint;
    BEGIN
        FOR reader IN
            SELECT owner_id FROM collections WHERE id = collection
            UNION SELECT user_id FROM collection_members WHERE collection_id = collection
            ORDER BY 1
        LOOP
            INSERT INTO feeds AS f (user_id, number) VALUES (reader, 1)
            ON CONFLICT (user_id) DO UPDATE SET number = f.number + 1 RETURNING f.number INTO place;
            INSERT INTO feed_entries (user_id, document_id, number, is_deleted)
            VALUES (reader, document, place, deleted)
            ON CONFLICT (user_id, document_id) DO UPDATE SET number = place, is_deleted = deleted;
            RETURN NEXT reader;
        END LOOP;
    END $$""",
    *(
        f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC"
        for name in ("lexora_next_revision(uuid)", "lexora_publish(uuid, uuid, boolean)")
    ),
    """GRANT EXECUTE ON FUNCTION lexora_next_revision(uuid), lexora_publish(uuid, uuid, boolean)
    TO lexora_viewer, lexora_worker, lexora_sweeper""",
)
