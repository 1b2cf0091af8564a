"""Where a source of an answer stood once the rankings were fused, and what a reranker gave it.

The release before goes on: it leaves both empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("answer_sources", sa.Column("fused_rank", sa.Integer(), nullable=True))
    op.add_column("answer_sources", sa.Column("rerank_score", sa.Float(), nullable=True))


def downgrade() -> None:
    """Go back to the two rankings alone."""
    op.drop_column("answer_sources", "rerank_score")
    op.drop_column("answer_sources", "fused_rank")
