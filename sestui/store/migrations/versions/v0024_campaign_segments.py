"""Campaigns for a segment, and the segment that a run has started with."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Campaigns and runs of before are for lists."""
    op.add_column("campaign", sa.Column("segment", sa.Text(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("frozen_segment", sa.Text(), nullable=False, server_default=""))
