"""The rate is found from the share of throttled answers instead of being cut by each."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Keep what was found; the cuts of before say nothing of it, and are dropped."""
    with op.batch_alter_table("governor") as governor:
        governor.add_column(
            sa.Column("rate_control", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
        )
        governor.drop_column("rate_factor")
        governor.drop_column("rate_factor_at")
