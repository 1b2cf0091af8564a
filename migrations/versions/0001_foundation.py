"""The data model, the roles and row-level security."""

from alembic import op

from migrations.foundation import accounts, conversations, documents, security

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    accounts.create()
    documents.create()
    conversations.create()
    security.create()


def downgrade() -> None:
    """Refuse: there is nothing before the first release to go back to."""
    message = f"{revision} is the first migration; drop the database instead."
    raise RuntimeError(message, op.get_context().dialect.name)
