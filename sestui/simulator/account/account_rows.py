"""Read and write the account, its identities and its faults in the simulator's file."""

import sqlite3
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from sestui.core.clock import Instant
from sestui.simulator.account.account import (
    SimulatedAccount,
    SimulatedCall,
)
from sestui.simulator.account.rules import expired_second
from sestui.simulator.api.faults import FaultKind, ScriptedFault

_ACCOUNT_FIELDS = tuple(field.name for field in fields(SimulatedAccount))


_READ_ACCOUNT = f"SELECT {', '.join(_ACCOUNT_FIELDS)} FROM account"  # noqa: S608 - own field names


_WRITE_ACCOUNT = (
    f"INSERT OR REPLACE INTO account (id, {', '.join(_ACCOUNT_FIELDS)}) "  # noqa: S608 - as above
    f"VALUES (1{', ?' * len(_ACCOUNT_FIELDS)})"
)


_account_values = attrgetter(*_ACCOUNT_FIELDS)  # astuple copies deeply, which a send would feel


_READ_FAULTS = (
    "SELECT id, kind, probability, remaining, match, seconds FROM fault "
    "WHERE remaining IS NULL OR remaining > 0 ORDER BY id"
)


def read_account(connection: sqlite3.Connection) -> SimulatedAccount:
    """The account in the file; a new one if there is none yet."""
    row = connection.execute(_READ_ACCOUNT).fetchone()
    if row is None:
        return SimulatedAccount()
    rate, quota, production, verify, enabled, *others, suppressing, behaviour = row
    others += [bool(suppressing), behaviour]
    return SimulatedAccount(rate, quota, bool(production), bool(verify), bool(enabled), *others)


def store_account(connection: sqlite3.Connection, account: SimulatedAccount) -> None:
    """Write the account."""
    connection.execute(_WRITE_ACCOUNT, _account_values(account))


def rolled_off(
    connection: sqlite3.Connection, account: SimulatedAccount, now: Instant
) -> SimulatedAccount:
    """The account without recipients accepted more than 24 hours before ``now``."""
    expired = connection.execute(
        "DELETE FROM quota_second WHERE second <= ? RETURNING recipients", (expired_second(now),)
    ).fetchall()
    if not expired:
        return account
    return replace(account, used=account.used - sum(row[0] for row in expired))


def verified_identities(connection: sqlite3.Connection) -> frozenset[str]:
    """The addresses and domains that are verified."""
    return frozenset(row[0] for row in connection.execute("SELECT name FROM identity"))


def suppressed_recipients(
    connection: sqlite3.Connection, account: SimulatedAccount, call: SimulatedCall
) -> frozenset[str]:
    """The call's suppressed recipients, in lower case."""
    reasons = account.suppressed_reasons.split(",")
    found = set()
    for address in {each.lower() for entry in call.entries for each in entry.recipients}:
        row = connection.execute(
            "SELECT reason FROM suppression WHERE address = ?", (address,)
        ).fetchone()
        if row is not None and row[0] in reasons:
            found.add(address)
    return frozenset(found)


def scripted_faults(connection: sqlite3.Connection) -> list[ScriptedFault]:
    """The faults that can still happen, by id."""
    return [fault_of(row) for row in connection.execute(_READ_FAULTS)]


def fault_of(row: tuple[Any, ...]) -> ScriptedFault:
    """The fault in a row of id, kind, probability, remaining, match and seconds."""
    number, kind, *others = row
    return ScriptedFault(number, FaultKind(kind), *others)


def count_faults(connection: sqlite3.Connection, fired: dict[int, int]) -> None:
    """Record how often faults have ``fired``, by id."""
    for number, times in fired.items():
        connection.execute(
            "UPDATE fault SET fired = fired + ?, remaining = remaining - ? WHERE id = ?",
            (times, times, number),
        )
