"""Add reminders, and the program that a task's run has started."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """There are no reminders yet, and current runs have no program recorded."""
    op.create_table(
        "reminder",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("told_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "subject_id"),
    )
    op.create_index(
        "ix_run_doubtful",
        "run",
        ["id"],
        sqlite_where=sa.text("in_doubt > 0"),
        postgresql_where=sa.text("in_doubt > 0"),
    )
    # Not by a batch: that makes the table anew.
    op.add_column(
        "task_run", sa.Column("program_host", sa.String(), nullable=False, server_default="")
    )
    op.add_column("task_run", sa.Column("program_pid", sa.Integer(), nullable=True))
    op.add_column("task_run", sa.Column("program_started_at", sa.Float(), nullable=True))
