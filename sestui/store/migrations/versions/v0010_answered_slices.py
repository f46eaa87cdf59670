"""How fast runs were answered over time."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_COUNTS = ("accepted", "rejected", "in_doubt", "throttled")


def upgrade() -> None:
    """Of runs so far nothing is known: their deliveries may be too many to look at here."""
    op.create_table(
        "answered_slice",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("run.id"), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("run_id", "at"),
    )
    op.create_index("ix_answered_slice_at", "answered_slice", ["at"])
