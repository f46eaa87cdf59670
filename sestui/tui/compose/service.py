"""The service behind Compose; all calls block."""

import dataclasses
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sestui.compose.autosave import Autosave, AutosavedDraft
from sestui.compose.draft_checker import CheckedDraft, DraftChecker, PreviewTarget, Superseded
from sestui.compose.drafts import Drafts, Opened
from sestui.compose.files import attached, load_campaign
from sestui.compose.snippets import Snippet, built_in, of_folder
from sestui.core.campaign.audience import Audience
from sestui.core.campaign.draft import Draft, Origin, ReadDraft, read_draft
from sestui.core.campaign.values import BadValue
from sestui.core.clock import Instant
from sestui.core.content.changes import ChangedLine, LineChange, changes
from sestui.core.delivery.mail import MailAttachment
from sestui.core.schedule.typed_time import Here, NotATimeError, pinned, read_time
from sestui.errors import BadFileError, NotFoundError, UsageError
from sestui.runtime import Runtime
from sestui.store.campaigns.campaigns import CampaignVersion, coming
from sestui.store.contacts.audiences import AudienceMember
from sestui.store.contacts.members import AttributeUse, Members
from sestui.tasks.task_service import TaskForecast
from sestui.tui.widgets.format import counted

ENDINGS = (".md", ".markdown", ".html", ".htm")
"""What the names of campaign files end with."""
_REMEMBERED_SECONDS = 60.0
_SAMPLE = 3
"""Contacts of a segment that are named."""


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """An open campaign: its origin and its draft."""

    draft: Draft
    opened: Opened | None = None
    """The campaign in the database; None: it is a new one."""
    unsaved: bool = False
    """Whether the draft says something else than the database."""

    @property
    def seen(self) -> CampaignVersion | None:
        """The campaign as it was read."""
        return self.opened.seen if self.opened is not None else None

    def due(self, instant: Instant | None) -> "OpenDraft":
        """The same, starting by itself at that instant: a run has begun, or it was scheduled."""
        if self.opened is None or self.opened.next_due_at == instant:
            return self
        return dataclasses.replace(
            self, opened=dataclasses.replace(self.opened, next_due_at=instant)
        )

    def origin(self, shown: Draft) -> Origin | None:
        """What untouched fields keep, once the editor shows the draft as ``shown``."""
        if self.opened is None or self.unsaved:
            return None
        return Origin(self.opened.fields, self.opened.message, shown)


class ComposeService:
    """Queries and actions of one editor."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._members = Members(runtime.database, runtime.clock)
        self._drafts = Drafts(runtime.campaigns, runtime.clock)
        self._checker = DraftChecker(runtime.checker, self._members)
        self.autosave = Autosave(runtime.settings.data_dir, runtime.clock)
        """What is not saved yet, against crashes."""
        self._one_check = threading.Lock()
        self._newest_check = 0
        self._attribute_use: tuple[Audience, float, AttributeUse] | None = None
        """What the last audience asked about came to, and when that was."""

    # opening

    def campaigns(self) -> Sequence[str]:
        """The names of all campaigns, the last changed first."""
        rows = self._runtime.campaigns.all()
        return [row.name for row in sorted(rows, key=lambda row: -row.updated_at)]

    def lists(self) -> list[str]:
        """The names of all lists."""
        return [each.name for each in self._runtime.contacts.lists()]

    def forecast(self, draft: Draft) -> TaskForecast:
        """When the campaign would start by itself, as the draft's fields say.

        Raises:
            UsageError: one of them can't be read.
        """
        now = self._runtime.clock.now()
        read = read_draft(draft, now=now)
        for fault in read.faults:
            if fault.field in {"schedule", "start", "timezone"}:
                raise UsageError(f"{fault.field}: {fault.problem}.")
        found = self._runtime.tasks.forecast_of_campaign(read.campaign)
        if read.campaign.start_at is None:
            return found
        note = read_time(draft.start_at, Here(read.campaign.timezone, now)).note
        return dataclasses.replace(found, words=f"{found.words}: {note}") if note else found

    def pinned_start(self, draft: Draft) -> str:
        """The start as a date and time, if it was typed as ``tomorrow 9:00`` and the like.

        Such a text would mean another time tomorrow. What can't be read stays as it is.
        """
        here = Here(draft.timezone.strip(), self._runtime.clock.now())
        try:
            return pinned(draft.start_at, here)
        except (NotATimeError, UsageError):
            return draft.start_at

    def blank(self) -> OpenDraft:
        """A new campaign, from the sender of the last one, to the only list if there is one."""
        lists = self.lists()
        draft = Draft(lists=lists[0] if len(lists) == 1 else "", timezone=self._settings.timezone)
        names = self.campaigns()
        if names:
            last = self._drafts.open(names[0])
            like = Draft.of(last.fields, last.message)
            draft = dataclasses.replace(
                draft, from_address=like.from_address, reply_to=like.reply_to
            )
        return OpenDraft(draft)

    def open(self, name: str) -> OpenDraft:
        """The campaign of that name."""
        opened = self._drafts.open(name)
        return OpenDraft(Draft.of(opened.fields, opened.message), opened)

    def newest(self, seen: CampaignVersion) -> OpenDraft | None:
        """The current version of a campaign; None if it has been deleted."""
        opened = self._drafts.newest(seen)
        return OpenDraft(Draft.of(opened.fields, opened.message), opened) if opened else None

    def changed(self, seen: CampaignVersion) -> bool:
        """Whether somebody else has changed a campaign since it was read, or it is gone."""
        found = self._runtime.campaigns.find_by_id(seen.id)
        return found is None or CampaignVersion.of(found).version != seen.version

    def next_due(self, seen: CampaignVersion) -> Instant | None:
        """When the campaign starts by itself by now; None: it doesn't, or it is gone."""
        found = self._runtime.campaigns.find_by_id(seen.id)
        return coming(found) if found is not None else None

    def open_file(self, path: Path) -> OpenDraft:
        """What a campaign file says, on top of the campaign it would update."""
        loaded = load_campaign(path, self._settings.timezone, layouts=self._settings.layouts_dir)
        draft = Draft.of(loaded.file.fields, loaded.message)
        try:
            opened = self._drafts.open(draft.name)
        except NotFoundError:
            return OpenDraft(draft, unsaved=True)
        same = (opened.fields, opened.message) == (loaded.file.fields, loaded.message)
        return OpenDraft(draft, opened, unsaved=not same)

    # reading

    def begin_check(self) -> int:
        """The number of a new check, which supersedes those with lower numbers."""
        self._newest_check += 1
        return self._newest_check

    def is_newest(self, number: int) -> bool:
        """Whether no newer check has begun."""
        return number == self._newest_check

    def check(
        self, read: ReadDraft, seen: CampaignVersion | None, whom: PreviewTarget, number: int
    ) -> CheckedDraft | None:
        """Findings and mail; None if a newer check has begun meanwhile."""
        with self._one_check:
            if number != self._newest_check:
                return None
            try:
                return self._checker.check(read, seen, whom, lambda: number != self._newest_check)
            except Superseded:
                return None

    def contact(self, draft: Draft, email: str) -> AudienceMember:
        """The contact of the draft's audience with that address.

        Raises:
            NotFoundError: nobody in it has it.
        """
        audience = Audience.of(read_draft(draft).campaign)
        found = self._checker.find(audience, email)
        if found is None:
            where = (
                f"in {audience.words}" if audience.segment else f"on {audience.words or 'no list'}"
            )
            raise NotFoundError(f"Nobody {where} has {email}.")
        return found

    def attribute_use(self, audience: Audience) -> AttributeUse:
        """Which attributes the contacts of the audience have; remembered for a minute."""
        now = self._runtime.clock.monotonic()
        known = self._attribute_use
        if known is None or known[0] != audience or now - known[1] > _REMEMBERED_SECONDS:
            known = self._attribute_use = (audience, now, self._members.attribute_use(audience))
        return known[2]

    def changes(self, read: ReadDraft, seen: CampaignVersion | None) -> tuple[ChangedLine, ...]:
        """What is different in the draft's message from what was sent last, and when that was."""
        run = self._runtime.runs.latest([seen.id]).get(seen.id) if seen is not None else None
        if run is None:
            said = "Nothing has been sent yet: there is nothing to compare it with."
            return (ChangedLine(LineChange.PLACE, said),)
        found = changes(self._runtime.campaigns.message(run.message_id), read.message)
        said = f"{'Changed' if found else 'Nothing has changed'} since run {run.number}"
        return (ChangedLine(LineChange.PLACE, said), *found)

    def snippets(self, *, html: bool) -> list[Snippet]:
        """The workspace's snippets, then sestui's own.

        Raises:
            StorageError: the workspace's can't be read.
        """
        return [*of_folder(self._settings.snippets_dir), *built_in(html=html)]

    # saving

    def would_start(self, seen: CampaignVersion | None, read: ReadDraft) -> Instant | None:
        """When saving could make the campaign start by itself; None: not at all, or as before."""
        return self._drafts.would_start(seen, read.campaign)

    def in_the_way(self, read: ReadDraft) -> str:
        """Why the campaign can't be scheduled on its own; '' if it can."""
        return self._drafts.in_the_way(read.campaign)

    def audience(self, read: ReadDraft) -> tuple[int, int]:
        """How many contacts are in the draft's audience now, and how many of them can be mailed.

        Lists that don't exist are none.
        """
        whom = Audience.of(read.campaign)
        missing = set(self._runtime.campaigns.missing_lists(whom.lists))
        known = tuple(name for name in whom.lists if name not in missing)
        if whom.lists and not known:
            return 0, 0
        whom, audiences = dataclasses.replace(whom, lists=known), self._runtime.audiences
        reach = audiences.reach(whom, transactional=read.campaign.transactional)
        return (0, 0) if reach is None else (reach.contacts, reach.mailable or 0)

    def in_segment(self, draft: Draft) -> str:
        """How many are in the draft's segment now, and some of them; '' for no segment.

        Raises:
            UsageError, NotFoundError: it can't be read, or names what doesn't exist.
        """
        if not draft.segment.strip():
            return ""
        read = read_draft(draft)
        for fault in read.faults:
            if fault.field in {"segment", "lists", "timezone"}:
                raise UsageError(f"{fault.problem[:1].upper()}{fault.problem[1:]}.")
        audience, audiences = Audience.of(read.campaign), self._runtime.audiences
        size, some = audiences.size(audience), audiences.sample(audience, _SAMPLE)
        more = ", …" if size > len(some) else ""
        return f"{counted(size, 'contact')} now: {', '.join(some)}{more}" if size else "Nobody now."

    def save(
        self, seen: CampaignVersion | None, read: ReadDraft, *, scheduled: bool | None
    ) -> Opened:
        """Save the draft; see :meth:`sestui.compose.drafts.Drafts.save`."""
        return self._drafts.save(seen, read.campaign, read.message, scheduled=scheduled)

    def test(self, name: str, address: str, shown_as: str) -> int:
        """Send the saved message to one address; the id of the test's run."""
        campaign = self._runtime.campaigns.get(name)
        now = self._runtime.clock.now()
        return self._runtime.starter.start_test(campaign, [address], now, shown_as=shown_as).id

    @staticmethod
    def attach(others: tuple[MailAttachment, ...], path: Path) -> tuple[MailAttachment, ...]:
        """The attachments with one more.

        Raises:
            BadFileError: it can't be one.
        """
        try:
            return attached(others, path, str(path))
        except BadValue as bad:
            raise BadFileError(f"It can't be attached: {bad.problem}.") from bad

    def adopt(self, kept: AutosavedDraft) -> OpenDraft:
        """Continue with it."""
        self.autosave.adopt(kept)
        now = self._drafts.newest(kept.seen) if kept.seen is not None else None
        if kept.seen is None or now is None:
            return OpenDraft(kept.draft, unsaved=True)
        # As it was seen then: if it was changed since, saving says so.
        return OpenDraft(kept.draft, dataclasses.replace(now, seen=kept.seen), unsaved=True)
