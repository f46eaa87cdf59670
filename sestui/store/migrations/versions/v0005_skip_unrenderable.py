"""Let campaigns skip recipients whose mail can't be rendered."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """By default they hold the run."""
    for table in ("campaign", "run"):
        # Not by a batch: that makes the table anew, which rows of others refer to. A default that
        # is an expression would do so too.
        op.add_column(
            table,
            sa.Column("skip_unrenderable", sa.Boolean(), nullable=False, server_default="0"),
        )
