"""Bring the database to this program's schema version, at every start and almost for free."""

import time
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sestui.core.installation import upgrade_command
from sestui.errors import StorageBusyError, StorageError
from sestui.store.db import version
from sestui.store.db.database import BUSY_SECONDS, Database
from sestui.store.db.database_id import name_database

HEAD = version.HEAD

_LOOK_AGAIN_SECONDS = 0.1

_LOCK = 0x5E5701  # any constant: one migration at a time on one PostgreSQL


def ensure_schema(database: Database) -> None:
    """Create or upgrade the tables if the database is not at :data:`HEAD`.

    Raises:
        StorageError: the database was written by a newer sestui, or can't be migrated.
    """
    began = time.monotonic()
    while True:
        try:
            return _ensure(database)
        except StorageBusyError:
            # Another process that makes a new database refuses at once, without a wait.
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
        # From the very first on: a copy may be made before anything is sent.
        name_database(connection, time.time())


def _version(database: Database) -> str | None:
    with database.read_connection() as connection:
        try:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError as error:
            # No such table: a new database. Anything else is translated by the caller.
            if "alembic_version" in str(error.orig):
                return None
            raise


def _migrate(connection: Connection, name: str) -> None:
    # Imported here: alembic costs as much as the rest of a start, and is needed once a release.
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
