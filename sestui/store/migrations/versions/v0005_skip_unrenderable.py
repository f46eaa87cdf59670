"""Recipients whose mail can't be made may be left out, if the operator has said so."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Until somebody says otherwise, they hold the run."""
    for table in ("campaign", "run"):
        with op.batch_alter_table(table) as altered:
            altered.add_column(
                sa.Column(
                    "skip_unrenderable", sa.Boolean(), nullable=False, server_default=sa.false()
                )
            )
