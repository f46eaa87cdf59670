"""Outcomes of accepted mails, by their events."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """A mail's outcome."""

    state: str
    """``delivered``, ``bounced``, ``complained`` or ``not rendered``."""
    reason: str = ""
    """Why it was not rendered."""


DELIVERED = MailOutcome("delivered")


def outcomes(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, MailOutcome]:
    """The outcomes of mails by their numbers, without delivered ones."""
    if not numbers:
        return {}
    first, last = min(numbers), max(numbers)
    if last - first < 4 * len(numbers):
        return _of_range(connection, first, last)
    found: dict[int, MailOutcome] = {}
    for number in numbers:  # far apart, from a search
        found |= _of_range(connection, number, number)
    return found


def _of_range(connection: sqlite3.Connection, first: int, last: int) -> dict[int, MailOutcome]:
    rows = connection.execute(
        "SELECT outbox_id, kind, detail FROM event WHERE id >= ? AND id < ? "
        "AND kind IN ('Bounce', 'Complaint', 'Rendering Failure') ORDER BY id",
        (_first_event(connection, first), _first_event(connection, last + 1)),
    )
    found: dict[int, MailOutcome] = {}
    for number, kind, detail in rows:
        if kind == "Rendering Failure":
            found[number] = MailOutcome("not rendered", detail)
        elif kind == "Complaint":
            found[number] = MailOutcome("complained")
        else:
            found[number] = MailOutcome("bounced")
    return found


def _first_event(connection: sqlite3.Connection, number: int) -> int:
    """The id of the first event of mail ``number`` or a later one, by binary search.

    Events are in the order of their mails, at least one each. An index on the mail's number would
    slow every send.
    """
    low = number
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
    high = newest + 1
    while low < high:
        middle = (low + high) // 2
        (of,) = connection.execute("SELECT outbox_id FROM event WHERE id = ?", (middle,)).fetchone()
        if of < number:
            low = middle + 1
        else:
            high = middle
    return low
