"""Add a message's layout, own headers and recipient's name."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Existing messages have none of them."""
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
