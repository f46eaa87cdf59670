"""The service behind the Outbox: mail that the simulated account accepted."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sestui.runtime import Runtime
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.api.access import access_key_of, link_token
from sestui.simulator.outbox.outbox_reader import MOST_FOUND, ListedMail, OpenedMail, OutboxReader

_MOST_SHOWN = 300_000
"""Characters of a text that a screen holds; the browser and the file show the rest."""


@dataclass(frozen=True, slots=True)
class MailFile:
    """An attachment's name, as the mail says it, and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class MailSnapshot:
    """A mail as a screen shows it."""

    listed: ListedMail
    sender: str
    """With the name, as the mail says it."""
    files: tuple[MailFile, ...]
    html: str
    """'' where the mail is text only."""
    views: dict[str, str]
    """Text by the name of the view: ``text``, ``source``, ``headers``."""
    cut: frozenset[str]
    """The views that are only a beginning."""


class OutboxSource:
    """The mails that match ``wanted`` as of one moment, newest first, for a table.

    What comes later is left out until :meth:`renew`: a list that is read must not move.
    """

    def __init__(self, reader: OutboxReader, wanted: str) -> None:
        """``wanted`` is part of an address or of a subject; '' is every mail."""
        self.wanted = wanted
        self._reader = reader
        self._lock = threading.Lock()
        self._upto = 0
        self._found: list[int] | None = [] if wanted else None

    @property
    def full(self) -> bool:
        """Whether more may match than were looked for."""
        return self._found is not None and len(self._found) >= MOST_FOUND

    def renew(self) -> int:
        """Take in new mail; returns how many match."""
        with self._lock:
            newest = self._reader.newest()
            if newest < self._upto:  # somebody has reset the account
                self._upto, self._found = 0, [] if self.wanted else None
            came = newest - self._upto
            if self._found is not None:
                fresh = self._fresh(newest)
                self._found = (fresh + self._found)[:MOST_FOUND]
                came = len(fresh)
            self._upto = newest
            return came

    def waiting(self) -> int:
        """How many that match have come since; -1: the account was reset."""
        newest, upto = self._reader.newest(), self._upto
        if newest < upto:
            return -1
        return len(self._fresh(newest)) if self.wanted else newest - upto

    def _fresh(self, newest: int) -> list[int]:
        if not self.wanted or newest == self._upto:
            return []
        return self._reader.find(self.wanted, upto=newest, above=self._upto)

    def count(self) -> int:
        """How many there are, of those that were looked for."""
        found = self._found
        return self._upto if found is None else len(found)

    def page(self, offset: int, limit: int) -> Sequence[ListedMail]:
        """At most ``limit`` of them."""
        found, upto = self._found, self._upto
        if found is not None:
            return self._reader.numbered(found[offset : offset + limit])
        if offset >= upto:
            return ()
        return self._reader.page(before=upto - offset + 1, limit=limit)


class OutboxService:
    """Queries of the outbox; they need no running simulator."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._reader = OutboxReader(runtime.settings.data_dir / FILE_NAME)

    def source(self, wanted: str) -> OutboxSource:
        """The mails that match, none of them looked for yet."""
        return OutboxSource(self._reader, wanted)

    def mail(self, message_id: str) -> MailSnapshot:
        """One mail, read and ready to be shown."""
        mail = self._reader.mail(message_id)
        texts = {
            "text": mail.content.text,
            "source": mail.content.source.decode("utf-8", "replace"),
            "headers": _headers(mail),
        }
        return MailSnapshot(
            listed=mail.listed,
            sender=mail.content.header("From") or mail.listed.sender,
            files=tuple(MailFile(each.name, len(each.content)) for each in mail.content.files),
            html=mail.content.html,
            views={name: text[:_MOST_SHOWN] for name, text in texts.items()},
            cut=frozenset(name for name, text in texts.items() if len(text) > _MOST_SHOWN),
        )

    def page_url(self, message_id: str = "") -> str:
        """The web address of the outbox or of one mail; starts the simulator if needed.

        The link lets a browser in once, and for some minutes only.
        """
        page = f"{self._runtime.ses.clients.endpoint_url}/outbox"
        token = link_token(
            access_key_of(self._runtime.settings.data_dir), self._runtime.clock.now()
        )
        return (
            f"{page}/{quote(message_id)}?token={token}" if message_id else f"{page}?token={token}"
        )


def _headers(mail: OpenedMail) -> str:
    known = [
        ("message id", mail.listed.message_id),
        ("recipients", mail.listed.to),
        ("blind copies", ", ".join(mail.bcc)),
        ("tags", ", ".join(f"{name}={value}" for name, value in mail.tags)),
        ("configuration set", mail.configuration_set),
    ]
    told = [f"{name}: {value}" for name, value in known if value]
    return "\n".join([*told, "", *(f"{name}: {value}" for name, value in mail.content.headers)])
