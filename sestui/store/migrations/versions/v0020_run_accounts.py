"""Runs know through which account they are sent, and workers which they use."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Where the database has known one account only, every run belongs to it."""
    # Not by a batch: that makes the table anew, which rows of others refer to.
    op.add_column("run", sa.Column("account", sa.String(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("account_since", sa.Float(), nullable=False, server_default="0"))
    op.add_column("worker", sa.Column("account", sa.String(), nullable=False, server_default=""))
    op.execute(
        "UPDATE run SET account = (SELECT account FROM governor) "
        "WHERE (SELECT count(*) FROM governor) = 1"
    )
