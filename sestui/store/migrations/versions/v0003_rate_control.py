"""Store the state of rate control."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Replace the old rate cuts."""
    with op.batch_alter_table("governor") as governor:
        governor.add_column(
            sa.Column("rate_control", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
        )
        governor.drop_column("rate_factor")
        governor.drop_column("rate_factor_at")
