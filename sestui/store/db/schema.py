"""Migrate the database to this program's schema version, at every start."""

import time
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sestui.core.installation import upgrade_command
from sestui.errors import StorageBusyError, StorageError
from sestui.store.db import version
from sestui.store.db.database import Database
from sestui.store.db.database_id import name_database
from sestui.store.db.write_turn import BUSY_SECONDS

HEAD = version.HEAD

_LOOK_AGAIN_SECONDS = 0.1

_LOCK = 0x5E5701  # any constant: one migration at a time on one PostgreSQL


def ensure_schema(database: Database) -> None:
    """Create or migrate the tables if the database is not at :data:`HEAD`.

    Raises:
        StorageError: the database was written by a newer sestui, or can't be migrated.
    """
    began = time.monotonic()
    while True:
        try:
            return _ensure(database)
        except StorageBusyError:
            # A process that creates the database makes others fail without waiting.
            if time.monotonic() - began >= BUSY_SECONDS:
                raise
        time.sleep(_LOOK_AGAIN_SECONDS)


def _ensure(database: Database) -> None:
    if _version(database) == HEAD:
        return
    with database.write_connection() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _migrate(connection, database.name)
        # From the beginning, as it may be copied before anything is sent.
        name_database(connection, time.time())


def _version(database: Database) -> str | None:
    with database.read_connection() as connection:
        try:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError as error:
            # No such table: a new database. Other errors are translated by the caller.
            if "alembic_version" in str(error.orig):
                return None
            raise


def _migrate(connection: Connection, name: str) -> None:
    # alembic is slow to import, and needed only after an upgrade.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(
            f"The database {name} was written by a newer sestui; upgrade this one "
            f"({upgrade_command()})."
        ) from error
