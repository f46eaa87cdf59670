"""Take over what another tool holds: who must not be mailed first, then everything else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Protocol

from sestui.audience.migrate.people import People
from sestui.audience.migrate.progress import (
    MigrationProgress,
    MigrationStep,
    OnProgress,
    unwatched,
)
from sestui.audience.migrate.records import LeftOut, ListStanding, MailDraft, MigratedKind, Tally
from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.fields import CampaignFields
from sestui.core.campaign.values import BadValue
from sestui.core.clock import Instant
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.contacts import Contacts, Upserted
from sestui.store.db.database import Database

_LONGEST_NAME = 100
_ERASED = "erased here on request"
_LEFT_HERE = "left this list here by their own word"


class MigrationSource(Protocol):
    """Another tool's data, opened and checked."""

    @property
    def tool(self) -> str:
        """The tool's name, as its makers write it."""

    @property
    def name(self) -> str:
        """The dump's or database's name, printable."""

    def read_people(self, people: People) -> None:
        """Add all suppressions, lists, contacts and subscriptions.

        Raises:
            BadFileError: something in it isn't known; nothing has been written then.
        """

    def mails(self) -> Iterator[MailDraft]:
        """Templates and campaigns, always in the same order."""


@dataclass(frozen=True, slots=True)
class DraftNote:
    """Something to look at in a draft."""

    draft: str
    """The campaign's name here."""
    said: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Everything that was read, and what became of it."""

    tool: str
    source: str
    tallies: dict[MigratedKind, Tally]
    notes: tuple[DraftNote, ...]
    left_out: tuple[LeftOut, ...]
    """The first rows that could not be taken."""
    suppressed: int
    """Addresses that are suppressed there."""
    left: int
    """Subscriptions there that their owners have left."""
    dry_run: bool

    @property
    def who_left(self) -> str:
        """How many must not be mailed, as a sentence."""
        return (
            f"Suppressed there: {self.suppressed:,}. Subscriptions left there: {self.left:,}. "
            "None of them gets mail."
        )


def migrate(
    database: Database,
    source: MigrationSource,
    *,
    now: Instant,
    dry_run: bool = False,
    on_progress: OnProgress = unwatched,
) -> Reconciliation:
    """Take over a source.

    People are written in one transaction, so all or none of them; drafts follow. What is here
    already stays: contacts get what they lack, a campaign of the same name keeps its content, and
    nobody who has left here comes back. A second time changes nothing.

    Raises:
        BadFileError: something in the source isn't known; nothing was written.
        StorageError: the database or the disk for temporary files refused.
        AccountError: SES refuses, or doesn't answer.
        StoppedError: ``on_progress`` has stopped it, or the source's own stop.
    """
    with People(source.tool, on_progress) as people:
        source.read_people(people)
        people.finish()
        here = {each.name for each in Contacts(database).lists()}
        written = Contacts(database).apply(
            people.batches(),
            list_names=[],
            new_lists=list(people.lists),
            now=now,
            on_conflict=OnConflict.UPDATE,
            replace_tags=False,
            dry_run=dry_run,
            said=f"Took over people from {source.tool} ({printable(source.name)})",
        )
        lists = people.tallies[MigratedKind.LISTS]
        lists.here = len(here & people.lists.keys())
        lists.taken = len(people.lists) - lists.here
        _count_people(people, written)
        drafts = _Drafts(database, people.tallies, now, dry_run=dry_run)
        notes = drafts.save(_followed(source.mails(), on_progress))
        return Reconciliation(
            tool=source.tool,
            source=source.name,
            tallies=people.tallies,
            notes=tuple(notes),
            left_out=tuple(people.left_out),
            suppressed=people.suppression_count(),
            left=people.standing_count(ListStanding.LEFT),
            dry_run=dry_run,
        )


def _followed(mails: Iterator[MailDraft], on_progress: OnProgress) -> Iterator[MailDraft]:
    for number, mail in enumerate(mails, start=1):
        on_progress(MigrationProgress(MigrationStep.DRAFTS, number))
        yield mail


def _count_people(people: People, written: Upserted) -> None:
    suppressions, contacts, subscriptions = (
        people.tallies[kind]
        for kind in (MigratedKind.SUPPRESSIONS, MigratedKind.CONTACTS, MigratedKind.SUBSCRIPTIONS)
    )
    suppressions.leave_out(_ERASED, written.erased_only)
    suppressions.taken = written.suppressed
    suppressions.here = people.suppression_count() - written.suppressed - written.erased_only
    contacts.leave_out(_ERASED, written.erased - written.erased_only)
    contacts.taken = written.imported + written.updated
    contacts.here = written.unchanged
    subscriptions.leave_out(_LEFT_HERE, written.kept_off)
    subscriptions.leave_out(_ERASED, written.erased_lists)
    told = people.standing_count(ListStanding.SUBSCRIBED) + people.standing_count(ListStanding.LEFT)
    subscriptions.taken = written.joined + written.refused
    subscriptions.here = told - written.kept_off - written.erased_lists - subscriptions.taken


class _Drafts:
    """Saves templates and campaigns as drafts, which nothing starts."""

    def __init__(
        self, database: Database, tallies: dict[MigratedKind, Tally], now: Instant, *, dry_run: bool
    ) -> None:
        self._campaigns = Campaigns(database)
        self._tallies = tallies
        self._now = now
        self._dry_run = dry_run
        self._names: set[str] = set()
        self._notes: list[DraftNote] = []

    def save(self, mails: Iterator[MailDraft]) -> list[DraftNote]:
        """Save all; returns what is to be looked at."""
        for mail in mails:
            tally = self._tallies[mail.kind]
            tally.read += 1
            if mail.left_out:
                tally.leave_out(mail.left_out)
                continue
            name = self._free_name(mail)
            if self._campaigns.find(name) is not None:
                tally.here += 1
                continue
            tally.taken += 1
            for placeholder in mail.untranslated:
                self._note(name, f"{placeholder} has no counterpart here; replace it.")
            fields = self._fields(mail, name)
            message = replace(mail.message, headers=self._headers(mail, name))
            if not self._dry_run:
                self._campaigns.save(fields, message, now=self._now, next_due_at=None)
        return self._notes

    def _fields(self, mail: MailDraft, name: str) -> CampaignFields:
        reply_to = self._mailbox(mail.reply_to, name, "reply to")
        return CampaignFields(
            name=name,
            from_address=self._mailbox(mail.from_address, name, "from"),
            reply_to=(reply_to,) if reply_to else (),
            lists=mail.lists,
            transactional=mail.transactional,
        )

    def _mailbox(self, text: str, name: str, field: str) -> str:
        """The address, or '' if it can't be one."""
        if not text.strip():
            return ""
        try:
            return campaign_values.mailbox(text.strip())
        except BadValue as fault:
            self._note(name, f"{field}: {fault}; it is left empty.")
            return ""

    def _headers(self, mail: MailDraft, name: str) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        for header, value in mail.headers:
            try:
                campaign_values.headers(found | {header: value})
            except BadValue as fault:
                self._note(name, f"headers: {fault}; it is left out.")
            else:
                found[header] = value
        return tuple(found.items())

    def _note(self, draft: str, said: str) -> None:
        self._notes.append(DraftNote(draft, printable(said)))

    def _free_name(self, mail: MailDraft) -> str:
        """A name that no other draft of this source has, the same each time."""
        wanted = campaign_values.possible_name(mail.name)
        names = [wanted] if re.search("[A-Za-z0-9]", mail.name) else []
        names += [_with_ending(wanted, mail.number)] if mail.number else []
        numbered = (_with_ending(wanted, str(number)) for number in count(2))
        name = next(each for each in chain(names, numbered) if each not in self._names)
        self._names.add(name)
        return name


def _with_ending(name: str, ending: str) -> str:
    """``march-2``, of at most as many characters as a campaign's name may have."""
    return f"{name[: _LONGEST_NAME - len(ending) - 1]}-{ending}"
