"""Check that the database takes writes."""

from sqlalchemy import text

from sestui.store.db.database import Database

# It changes no row: a read-only database, file or folder refuses it nevertheless.
_NOTHING = text("UPDATE shared_setting SET value = value WHERE name = ''")


def check_writable(database: Database) -> None:
    """Write nothing, in a transaction of its own.

    Raises:
        StorageError: the database can't be written.
    """
    with database.write_connection() as connection:
        connection.execute(_NOTHING)
