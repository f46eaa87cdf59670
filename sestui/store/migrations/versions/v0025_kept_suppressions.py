"""Suppressions know whether somebody here wants them, too, whatever SES's list says."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Of the old ones nobody knows."""
    op.add_column(
        "suppression", sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.false())
    )
