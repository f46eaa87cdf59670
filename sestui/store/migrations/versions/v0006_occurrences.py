"""Identify occurrences by local time, as changes of a zone's rules move instants."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add names; past occurrences have none, the next ones get theirs when they are due."""
    for table in ("task", "campaign"):
        op.add_column(
            table,
            sa.Column("next_occurrence", sa.String(), nullable=False, server_default=sa.text("''")),
        )
    for table, owner in (("task_run", "task_id"), ("run", "campaign_id")):
        op.add_column(table, sa.Column("occurrence", sa.String(), nullable=True))
        op.create_index(f"ix_{table}_occurrence", table, [owner, "occurrence"], unique=True)
