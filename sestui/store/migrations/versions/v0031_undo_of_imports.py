"""Imports can be undone: the journal keeps values that they changed."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Earlier imports are in no journal."""
    op.add_column("contact_change_row", sa.Column("before", sa.JSON(), nullable=True))
    op.add_column("contact_change_row", sa.Column("updated_at", sa.Float(), nullable=True))
