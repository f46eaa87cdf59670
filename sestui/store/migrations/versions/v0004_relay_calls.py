"""Keys of the relay have calls named that they may make beside sends."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Keys of before have none named: what their other bounds leave."""
    with op.batch_alter_table("relay_key") as key:
        key.add_column(
            sa.Column("allow", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
