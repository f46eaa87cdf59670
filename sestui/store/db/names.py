"""Names that are in the database, for completion: read as it is, never made, quietly."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from sestui.errors import SestuiError

_BUSY_SECONDS = 0.5


class Named(StrEnum):
    """What has a name; the value is its table."""

    CAMPAIGN = "campaign"
    LIST = "contact_list"
    TASK = "task"


def names(kind: Named, file: Path | None, url: str) -> list[str]:
    """The names of every one of them in the database; none where it can't be read now.

    ``file`` is the SQLite database's, read without the ORM; None: ``url`` names another.
    """
    select = f"SELECT name FROM {kind} ORDER BY name"  # noqa: S608 - a table of ours
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
            return []  # opening it would make it
        with database.read_connection() as connection:
            return [str(name) for name in connection.scalars(text(select))]
