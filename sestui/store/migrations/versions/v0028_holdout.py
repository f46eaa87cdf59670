"""Campaigns and runs that hold a share of their recipients out."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """None of before do."""
    for table in ("campaign", "run"):
        op.add_column(table, sa.Column("holdout", sa.String(), nullable=False, server_default=""))
