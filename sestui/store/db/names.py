"""Names in the database, for shell completion; never creates the database, never fails."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from sestui.errors import SestuiError

_BUSY_SECONDS = 0.5


class Named(StrEnum):
    """Kinds of named things; the value is the table."""

    CAMPAIGN = "campaign"
    LIST = "contact_list"
    SEGMENT = "segment"
    TASK = "task"


def names(kind: Named, file: Path | None, url: str) -> list[str]:
    """All names of a kind; empty if the database can't be read.

    ``file`` is the SQLite database, read without the ORM; None if ``url`` names another database.
    """
    select = f"SELECT name FROM {kind} ORDER BY name"  # noqa: S608 - our own table
    try:
        return list(_of_file(file, select) if file is not None else _of_url(url, select))
    except (sqlite3.Error, SestuiError):
        return []


def _of_file(file: Path, select: str) -> Iterable[str]:
    with closing(
        sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
    ) as connection:
        return [str(name) for (name,) in connection.execute(select)]


def _of_url(url: str, select: str) -> Iterable[str]:
    from sqlalchemy import text  # noqa: PLC0415 - slow to import

    from sestui.store.db.database import Database  # noqa: PLC0415 - as above

    with closing(Database(url)) as database:
        if database.is_sqlite:
            return []  # opening it would create it
        with database.read_connection() as connection:
            return [str(name) for name in connection.scalars(text(select))]
