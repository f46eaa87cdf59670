"""Alembic's entry point: runs migrations on the connection of ``store.db.schema``."""

from alembic import context
from sqlmodel import SQLModel

from sestui.store.contacts import tables as contact_tables  # noqa: F401 - they fill SQLModel.metadata
from sestui.store.db import tables  # noqa: F401 - they fill SQLModel.metadata
from sestui.store.events import outcome_hours, outcome_slices  # noqa: F401 - as the relay's
from sestui.store.ledger import tables as ledger_tables  # noqa: F401 - as the relay's
from sestui.store.relay import tables as relay_tables  # noqa: F401 - they fill SQLModel.metadata
from sestui.store.runs import tables as run_tables  # noqa: F401 - as above
from sestui.store.tasks import tables as task_tables  # noqa: F401 - they fill SQLModel.metadata
from sestui.store.web import tables as web_tables  # noqa: F401 - as above

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=False,  # store.db.schema has one transaction for all of it
    render_as_batch=True,
)
context.run_migrations()
