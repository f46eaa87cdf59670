"""Write a SQLite file anew, as deleted rows stay readable in free pages and in the log."""

import logging
import sqlite3

from sestui.store.db.database import Database

_log = logging.getLogger(__name__)


def clear_traces(database: Database) -> bool:
    """Leave nothing of deleted rows in the database's files; False if another program prevents it.

    Takes about as long as copying the file, and its size on disk; nobody writes meanwhile.
    PostgreSQL reuses the room by itself, and never shows it to anybody.
    """
    if not database.is_sqlite:
        return True
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        try:
            cursor.execute("PRAGMA temp_store=FILE")  # else the copy would be made in memory
            cursor.execute("VACUUM")
            (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.close()
    except sqlite3.OperationalError as error:
        _log.warning("The database's file can't be written anew: %s.", error)
        return False
    finally:
        raw.close()
    return not busy
