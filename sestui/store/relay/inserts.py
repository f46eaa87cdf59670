"""Insert relayed mails and deliveries, many rows by one statement.

For each row SQLite's driver releases the GIL and has to wait for it. So ids are assigned
beforehand, nothing is returned, and one statement writes many rows.
"""
# ruff: noqa: S608 # statements are put together from constants of this module; values are bound

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from sqlalchemy import Connection

Row = tuple[object, ...]

_MOST_ROWS = 500
"""Rows in one statement; SQLite allows 32,766 values."""

_MAILS = "relayed_mail (id, run_id, key_id, created_at, retry_key, replay_key, first_place)"
_PAYLOADS = "relayed_payload (mail_id, content)"
_DELIVERIES = (
    "delivery (id, run_id, relayed_id, place, email, state, attempts, code, worker, claimed_at, "
    "not_before, queued_at, message_id, reason, outcome, faults)"
)


def new_ids(connection: Connection, mails: int, deliveries: int) -> tuple[Iterator[int], ...]:
    """Ascending ids for new rows of both tables.

    SQLite has no other writer until the transaction ends; PostgreSQL has sequences.
    """
    if connection.dialect.name == "postgresql":
        return _numbered(connection, "relayed_mail", mails), _numbered(
            connection, "delivery", deliveries
        )
    last = connection.exec_driver_sql(
        "SELECT (SELECT max(id) FROM relayed_mail), (SELECT max(id) FROM delivery)"
    ).one()
    mail, delivery = (1 + (each or 0) for each in last)
    return iter(range(mail, mail + mails)), iter(range(delivery, delivery + deliveries))


def _numbered(connection: Connection, table: str, count: int) -> Iterator[int]:
    found = connection.exec_driver_sql(
        f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, %s)",
        (count,),
    )
    return iter(found.scalars().all())


def add_mails(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert rows of id, run, key, time, retry key, replay key and first place."""
    _insert(connection, _MAILS, rows)


def add_payloads(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert rows of mail id and content."""
    _insert(connection, _PAYLOADS, rows)


def add_deliveries(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert rows with the first twelve columns of the delivery statement."""
    _insert(connection, _DELIVERIES, [(*row, "", "", "", 0) for row in rows])


def _insert(connection: Connection, into: str, rows: Sequence[Row]) -> None:
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    for start in range(0, len(rows), _MOST_ROWS):
        part = rows[start : start + _MOST_ROWS]
        statement = _statement(into, mark, len(part[0]), len(part))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


@cache
def _statement(into: str, mark: str, columns: int, rows: int) -> str:
    row = f"({', '.join([mark] * columns)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * rows)}"
