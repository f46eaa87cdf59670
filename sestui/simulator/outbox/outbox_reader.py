"""Read the outbox in pages, search it, and open a mail as it arrived.

Mails are numbered from 1 in the order they were accepted, without gaps: a failed call's number is
used again, and mails are never deleted singly. So a page starts at a number, and a page far down is
as quick as the first.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sestui.core.clock import Instant
from sestui.core.contact.mailboxes import Mailbox
from sestui.errors import NotFoundError
from sestui.simulator.account import storage
from sestui.simulator.outbox.mails import stored_request
from sestui.simulator.outbox.mime import ParsedMail
from sestui.simulator.outbox.outcomes import DELIVERED, MailOutcome, outcomes
from sestui.simulator.outbox.rendered_mail import delivered_mail

MOST_FOUND = 10_000
"""The most mails that a search finds."""

_LISTED = "id, message_id, accepted_at, sender, sender_name, recipients, subject"


@dataclass(frozen=True, slots=True)
class ListedMail:
    """A mail as the list shows it."""

    number: int
    """Its number in the outbox; 1 is the oldest."""
    message_id: str
    accepted_at: Instant
    """By the simulator's clock."""
    sender: str
    """With the name that recipients see."""
    recipients: tuple[str, ...]
    subject: str
    outcome: MailOutcome

    @property
    def to(self) -> str:
        """All recipients on one line."""
        return ", ".join(self.recipients)


@dataclass(frozen=True, slots=True)
class OpenedMail:
    """A whole mail."""

    listed: ListedMail
    content: ParsedMail
    tags: tuple[tuple[str, str], ...]
    configuration_set: str
    bcc: tuple[str, ...]


class OutboxReader:
    """Reads the simulated account's file; any number of processes may send meanwhile.

    All methods may be called from any thread.

    Raises (every method):
        StorageError: the file can't be opened or read, or isn't the simulator's.
    """

    def __init__(self, path: Path) -> None:
        """``path`` is the account's file; if it doesn't exist, the outbox is empty."""
        self.path = path

    def newest(self) -> int:
        """The number of the newest mail, and so of all mails."""
        with self._open() as connection:
            (number,) = connection.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()
            return int(number)

    def page(
        self, *, before: int | None = None, after: int = 0, limit: int, wanted: str = ""
    ) -> list[ListedMail]:
        """At most ``limit`` mails, newest first, that match ``wanted`` (see :meth:`find`).

        ``before`` takes the newest of those with lower numbers, ``after`` the oldest of those with
        higher ones.
        """
        order = "ASC" if after else "DESC"
        with self._open() as connection:
            where, values = _matching(connection, wanted)
            rows = connection.execute(
                f"SELECT {_LISTED} FROM outbox "  # noqa: S608 - our own words
                f"WHERE id > ? AND id < ? AND {where} ORDER BY id {order} LIMIT ?",
                (after, before or 2**62, *values, limit),
            ).fetchall()
            return _listed(connection, sorted(rows, reverse=True))

    def find(self, wanted: str, *, upto: int, above: int = 0) -> list[int]:
        """The numbers of mails whose recipients or subject contain ``wanted``.

        Searches numbers above ``above`` up to ``upto``, ignoring case; newest first, at most
        :data:`MOST_FOUND`.
        """
        with self._open() as connection:
            where, values = _matching(connection, wanted)
            rows = connection.execute(
                f"SELECT id FROM outbox WHERE id > ? AND id <= ? AND {where} "  # noqa: S608 - our own words
                "ORDER BY id DESC LIMIT ?",
                (above, upto, *values, MOST_FOUND),
            )
            return [number for (number,) in rows]

    def numbered(self, numbers: Sequence[int]) -> list[ListedMail]:
        """The mails with these numbers, newest first."""
        marks = ", ".join("?" * len(numbers))
        with self._open() as connection:
            rows = connection.execute(
                f"SELECT {_LISTED} FROM outbox WHERE id IN ({marks}) "  # noqa: S608 - marks only
                "ORDER BY id DESC",
                tuple(numbers),
            ).fetchall()
            return _listed(connection, rows)

    def mail(self, message_id: str) -> OpenedMail:
        """The whole mail.

        Raises:
            NotFoundError: nothing with that id was accepted.
        """
        with self._open() as connection:
            row = connection.execute(
                "SELECT outbox.id, message_id, accepted_at, sender, sender_name, recipients, "
                "subject, tags, bulk, body, entry "
                "FROM outbox JOIN call ON call.id = call_id WHERE message_id = ?",
                (message_id,),
            ).fetchone()
            if row is None:
                raise NotFoundError(f"There is no mail {message_id!r} in the outbox.")
            (listed,) = _listed(connection, [row[:7]])
        tags, bulk, body, entry = row[7:]
        request = stored_request(body, bulk=bool(bulk), entry=entry)
        return OpenedMail(
            listed=listed,
            content=delivered_mail(request, message_id=message_id, at=listed.accepted_at),
            tags=tuple((name, value) for name, value in json.loads(tags)),
            configuration_set=request.configuration_set,
            bcc=tuple(each.shown for each in request.destination.bcc),
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection that reads one snapshot of the file."""
        there = self.path.exists()  # reading must not create it
        connection = storage.connect(self.path) if there else storage.blank()
        with closing(connection), storage.translated(self.path):
            connection.execute("BEGIN")
            yield connection


def _matching(connection: sqlite3.Connection, wanted: str) -> tuple[str, tuple[str, ...]]:
    """An SQL condition and its values; '' matches everything."""
    if not wanted:
        return "1", ()
    if wanted.isascii():
        pattern = "%" + re.sub(r"([\\%_])", r"\\\1", wanted) + "%"
        return "(recipients LIKE ? ESCAPE '\\' OR subject LIKE ? ESCAPE '\\')", (pattern,) * 2

    # SQLite ignores case of ASCII letters only.
    folded = wanted.casefold()

    def mentions(recipients: str, subject: str) -> bool:
        if folded in subject.casefold():
            return True
        # JSON escapes letters outside ASCII, which addresses rarely have.
        return "\\u" in recipients and folded in ", ".join(json.loads(recipients)).casefold()

    connection.create_function("mentions", 2, mentions)
    return "mentions(recipients, subject)", ()


def _listed(
    connection: sqlite3.Connection, rows: Sequence[tuple[int, str, float, str, str, str, str]]
) -> list[ListedMail]:
    states = outcomes(connection, [row[0] for row in rows])
    return [
        ListedMail(
            number=number,
            message_id=message_id,
            accepted_at=accepted_at,
            sender=Mailbox(name, sender).shown,
            recipients=tuple(json.loads(recipients)),
            subject=subject,
            outcome=states.get(number, DELIVERED),
        )
        for number, message_id, accepted_at, sender, name, recipients, subject in rows
    ]
