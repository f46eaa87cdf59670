"""Large runs start before everybody's mail has been checked."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Runs of before have checked everybody's."""
    op.add_column("run", sa.Column("unchecked", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run", sa.Column("checker", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "unchecked_part",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("contact_ids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("run_id", "part"),
    )
