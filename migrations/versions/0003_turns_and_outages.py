"""How long a document has waited for something that is away, and an index that finds whose turn it is.

The release before goes on: it does without the index that is dropped, if more slowly.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PENDING = sa.text("status = 'PENDING'")


def upgrade() -> None:
    """Add the column, and put the one index in the other's place."""
    op.add_column("documents", sa.Column("outage_since", sa.DateTime(timezone=True), nullable=True))
    columns = ["owner_id", "queued_at", "id"]
    op.create_index("ix_documents_turns", "documents", columns, unique=False, postgresql_where=PENDING)
    op.drop_index("ix_documents_pending", table_name="documents")


def downgrade() -> None:
    """Go back to the index by time alone."""
    op.create_index("ix_documents_pending", "documents", ["queued_at"], unique=False, postgresql_where=PENDING)
    op.drop_index("ix_documents_turns", table_name="documents")
    op.drop_column("documents", "outage_since")
