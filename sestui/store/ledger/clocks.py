"""Read the ledger's clock."""

from sqlalchemy import Connection

from sestui.core.clock import Clock, Instant

_CLOCK_READINGS, _CLOCK_SECONDS = 3, 0.001
"""Attempts at reading two clocks within this time."""


def ledger_now(connection: Connection, clock: Clock) -> Instant:
    """The ledger's clock, for slots and leases: PostgreSQL's, or this machine's for SQLite."""
    if connection.dialect.name == "postgresql":
        return float(
            connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one()
        )
    return clock.now()


def clocks_now(connection: Connection, clock: Clock) -> tuple[Instant, float]:
    """The ledger's clock, and this process's monotonic clock at the same instant.

    Slots are in the ledger's time and waited for in monotonic time, so a delay between the readings
    would shift them.
    """
    for _ in range(_CLOCK_READINGS):
        before = clock.monotonic()
        now = ledger_now(connection, clock)
        after = clock.monotonic()
        if after - before <= _CLOCK_SECONDS:
            break
    return now, (before + after) / 2
