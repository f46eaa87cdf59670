"""What all sources hand over: kinds of things, standings on lists, and mails as drafts."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from sestui.core.content.message import MessageSource


class MigratedKind(StrEnum):
    """What is counted, in the order in which it is taken over."""

    SUPPRESSIONS = "suppressions"
    LISTS = "lists"
    CONTACTS = "contacts"
    SUBSCRIPTIONS = "subscriptions"
    """Contacts' places on lists, and their leaving."""
    TEMPLATES = "templates"
    CAMPAIGNS = "campaigns"


class ListStanding(StrEnum):
    """A contact's standing on a list."""

    SUBSCRIBED = "subscribed"
    UNCONFIRMED = "unconfirmed"
    """Asked to join, and never confirmed it."""
    LEFT = "left"


@dataclass(slots=True)
class Tally:
    """The count of one kind: what was read is taken, already here, or left out."""

    read: int = 0
    taken: int = 0
    here: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """By reason."""

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Count what is left out; none leaves no reason."""
        if count:
            self.left_out[reason] += count


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that could not be taken, with its place."""

    kind: MigratedKind
    line: int
    value: str
    reason: str
    file: str = ""
    """Within an export of several files; '' for the source itself."""


@dataclass(frozen=True, slots=True)
class MailDraft:
    """A campaign or template of another tool, translated."""

    kind: MigratedKind
    name: str
    """As the tool has it."""
    message: MessageSource
    number: str = ""
    """The tool's own number of it, which distinguishes namesakes; '' for none."""
    from_address: str = ""
    reply_to: str = ""
    lists: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of the author's own, which may be impossible here."""
    transactional: bool = False
    untranslated: tuple[str, ...] = ()
    """Placeholders that have no counterpart here."""
    left_out: str = ""
    """Why it is no draft here; '' if it is one."""
