"""Mail by each recipient's own clock."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Mail of before goes at once."""
    for table, name in (("campaign", "local_time"), ("run", "due_time")):
        op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("due_at", sa.Float()))
    waiting = sa.text("state = 'pending' AND due_at IS NOT NULL")
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["run_id", "due_at", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
