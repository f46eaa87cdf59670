"""Store the calls that a relay key may make."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Existing keys name none, and so keep their defaults."""
    with op.batch_alter_table("relay_key") as key:
        key.add_column(
            sa.Column("allow", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
