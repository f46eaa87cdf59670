"""What became of mails by the minute, and what the breaker has said of runs."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_COUNTS = ("known", "delivered", "bounced", "complained")


def upgrade() -> None:
    """What was reported before counts in no rate: it is of earlier mail."""
    op.create_table(
        "outcome_slice",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("run.id"), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("run_id", "at"),
    )
    op.create_index("ix_outcome_slice_at", "outcome_slice", ["at"])
    # Not by a batch: that makes the table anew, which rows of others refer to.
    op.add_column("run", sa.Column("warning", sa.Text(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("breaker_since", sa.Float(), nullable=True))
    op.create_index(
        "ix_run_breaker_since",
        "run",
        ["breaker_since"],
        sqlite_where=sa.text("breaker_since IS NOT NULL"),
        postgresql_where=sa.text("breaker_since IS NOT NULL"),
    )
