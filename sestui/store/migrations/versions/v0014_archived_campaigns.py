"""Campaigns can be archived."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Campaigns that are there are not."""
    # Not by a batch: that makes the table anew, which rows of others refer to.
    op.add_column("campaign", sa.Column("archived_at", sa.Float(), nullable=True))
