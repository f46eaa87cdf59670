"""Addresses that were erased on request, as keyed hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """There is none yet."""
    op.create_table(
        "erased_address",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("erased_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
