"""Campaigns with several subjects, and which of them a recipient gets."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Campaigns and runs of before have one subject each."""
    for table in ("campaign", "run"):
        op.add_column(table, sa.Column("split", sa.JSON(), nullable=False, server_default="[]"))
        share = sa.Column("split_share", sa.Float(), nullable=False, server_default="20")
        op.add_column(table, share)
        op.add_column(table, sa.Column("split_hours", sa.Float(), nullable=True))
    op.add_column(
        "run",
        sa.Column("awaits_winner", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("run", sa.Column("winner", sa.String(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("winner_at", sa.Float(), nullable=True))
    op.add_column("run", sa.Column("winner_due_at", sa.Float(), nullable=True))
    op.add_column("run", sa.Column("winner_why", sa.Text(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("variant", sa.String(), nullable=True))
    op.create_index(
        "ix_delivery_variant",
        "delivery",
        ["run_id", "state", "id"],
        sqlite_where=sa.text("variant IS NOT NULL"),
        postgresql_where=sa.text("variant IS NOT NULL"),
    )
