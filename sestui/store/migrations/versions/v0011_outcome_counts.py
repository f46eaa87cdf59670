"""What SES reports of a run's accepted mails is counted on the run."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_COUNTS = ("delivered", "bounced", "complained")


def upgrade() -> None:
    """Nothing has been reported of any run yet."""
    for name in _COUNTS:
        # Not by a batch: that makes the table anew.
        op.add_column("run", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
