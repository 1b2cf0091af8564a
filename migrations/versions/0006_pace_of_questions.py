"""Questions of the last minute, found by an index; it serves whatever the one on the owner alone did.

The release before goes on. Messages cannot be written while the index is built.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the wider index in the place of the other."""
    op.create_index("ix_messages_owner_id_created_at", "messages", ["owner_id", "created_at"])
    op.drop_index("ix_messages_owner_id", table_name="messages")


def downgrade() -> None:
    """Take it away again."""
    op.create_index("ix_messages_owner_id", "messages", ["owner_id"])
    op.drop_index("ix_messages_owner_id_created_at", table_name="messages")
