"""What reports of runs read: outcomes by the hour, and the clicks and machines among events."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_COUNTS = ("delivered", "bounced", "complained", "opened", "clicked")


def upgrade() -> None:
    """Of what was reported before, the hours are not known."""
    op.create_table(
        "outcome_hour",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("run.id"), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("run_id", "at"),
    )
    clicks, machines = sa.text("kind = 'Click'"), sa.text("by_machine")
    op.create_index(
        "ix_ses_event_click",
        "ses_event",
        ["delivery_id"],
        sqlite_where=clicks,
        postgresql_where=clicks,
    )
    op.create_index(
        "ix_ses_event_machine",
        "ses_event",
        ["delivery_id"],
        sqlite_where=machines,
        postgresql_where=machines,
    )
