"""A message has a layout, headers of its author's own and a name for its recipient."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Messages that are there have none of these."""
    columns = (
        sa.Column("layout", sa.Text(), nullable=False, server_default=""),
        sa.Column("layout_name", sa.String(), nullable=False, server_default=""),
        sa.Column("to_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("headers", sa.JSON(), nullable=False, server_default="[]"),
    )
    for column in columns:
        # Not by a batch: that makes the table anew, which rows of others refer to. A default that
        # is an expression would do so too.
        op.add_column("message", column)
