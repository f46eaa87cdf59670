"""The deliveries of a run that came back or were complained of are found without the others."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_CAME_BACK = sa.text("outcome IN ('bounced', 'complained')")


def upgrade() -> None:
    """An index of few rows."""
    op.create_index(
        "ix_delivery_came_back",
        "delivery",
        ["run_id", "id"],
        sqlite_where=_CAME_BACK,
        postgresql_where=_CAME_BACK,
    )
