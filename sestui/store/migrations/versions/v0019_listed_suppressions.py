"""What is on SES's own suppression list, as seen last."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """It has not been looked at yet."""
    op.create_table(
        "listed_suppression",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("listed_at", sa.Float(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "email_key"),
    )
