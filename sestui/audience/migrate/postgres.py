"""Read the tables of another tool from its running PostgreSQL database."""

import psycopg
from psycopg import sql

from sestui.audience.migrate.tables import Tables
from sestui.errors import StorageError

_COLUMNS = (
    "SELECT column_name FROM information_schema.columns "
    "WHERE table_schema = ANY (current_schemas(false)) AND table_name = %s "
    "ORDER BY ordinal_position"
)
_CONNECT_SECONDS = 10


_OURS = "postgresql+psycopg://"
"""How sestui's own setting begins."""


def is_url(source: str) -> bool:
    """Whether a source is a PostgreSQL database rather than a file."""
    return source.startswith(("postgresql://", "postgres://", _OURS))


def read_database(url: str, tables: Tables) -> None:
    """Read the wanted tables in one consistent transaction that can't write.

    Raises:
        BadFileError: the tables aren't the tool's.
        StorageError: there is no way into the database, or it fails; the password is not shown.
    """
    try:
        address = url.replace(_OURS, "postgresql://", 1)
        with psycopg.connect(address, connect_timeout=_CONNECT_SECONDS) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            for name in tables.names:
                _read_table(connection, name, tables)
    except psycopg.Error as error:
        told = " ".join(str(error).split()) if error.sqlstate else "no connection"
        raise StorageError(
            f"The database of {tables.tool} can't be read: {told}. Check the URL."
        ) from error
    tables.check_complete()


def _read_table(connection: psycopg.Connection, name: str, tables: Tables) -> None:
    wanted = tables.wants(name)
    columns = [row[0] for row in connection.execute(_COLUMNS, (name,))]
    if not columns or wanted is None:
        return
    columns = [each for each in columns if each in (*wanted.columns, *wanted.more)]
    filler = tables.filler(name, columns, tables.source)
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(each)) for each in columns)
    copied = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(texts, sql.Identifier(name))
    with connection.cursor().copy(copied) as copy:
        for number, row in enumerate(copy.rows(), start=1):
            filler.add(row, number)
    filler.finish()
