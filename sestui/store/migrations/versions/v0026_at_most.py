"""Campaigns and runs with a frequency limit."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """None of before has one."""
    for table in ("campaign", "run"):
        op.add_column(table, sa.Column("at_most", sa.String(), nullable=False, server_default=""))
