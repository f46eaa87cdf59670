"""Count a delivery's faults separately from its claims."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the count, starting at 0."""
    op.add_column(
        "delivery", sa.Column("faults", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
