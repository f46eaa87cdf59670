"""The checks of campaigns, for all commands and screens.

Used by `apply`, `campaign check`, `campaign test`, `campaign start`, `send`, `run-due` and the
screens. Errors prevent sending, warnings are shown.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial

from sestui.compose.check_findings import of_recipients
from sestui.compose.envelope import envelope_of
from sestui.compose.render_check import (
    CheckReport,
    Unrenderable,
    UnrenderableError,
    check_recipients,
)
from sestui.compose.renderable import Renderable
from sestui.compose.sample_contact import SAMPLE_EMAIL, sample_attributes
from sestui.compose.timing import START_GRACE
from sestui.core.campaign.audience import Audience
from sestui.core.campaign.fields import CampaignFields
from sestui.core.campaign.findings import check_campaign_fields
from sestui.core.clock import Clock
from sestui.core.content import Composer, Envelope, MessageSource
from sestui.core.content.lint.findings import (
    Examined,
    Finding,
    Severity,
    check_message,
    ordered,
    rendered,
    unknown_variables,
    wanted_attributes,
)
from sestui.core.content.lint.lint import lint
from sestui.core.content.message import TooHeavyError
from sestui.core.delivery.mail import Mail
from sestui.core.schedule.zones import zone_named
from sestui.core.segments.expression import NOTHING_ELSE, Together
from sestui.core.text import printable
from sestui.errors import ContentError
from sestui.settings import Settings
from sestui.store.campaigns.campaigns import Campaigns, CampaignVersion, fields_of
from sestui.store.contacts.audiences import AudienceMember, Audiences
from sestui.store.contacts.members import Members
from sestui.store.contacts.memberships import Memberships
from sestui.store.contacts.recipient_zones import LocalStart
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign

LARGE = 20_000
"""From so many contacts on, a run starts before everybody's mail has been checked."""
FIRST = 1_000
"""So many of a large audience are checked before the start."""


_REMEMBERED_SECONDS = 60.0
"""How long the result that nobody on a list has an attribute is cached, as it takes a full read."""


def looked_at_before(sent: CampaignFields | Campaign, size: int) -> int:
    """How many of an audience of this size are checked before a start.

    All, where deliveries are dealt out at the start: by recipients' own clocks, or by variants.
    """
    beside = size >= LARGE and not (sent.local_time or sent.split)
    return FIRST if beside else size


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of the checks that need no recipient."""

    findings: tuple[Finding, ...]
    """Of message, envelope and campaign, unordered."""
    checked: Examined
    envelope: Envelope


class _Audience:
    """Counts the recipients that a check has rendered, and reports the progress."""

    def __init__(self, progress: Callable[[int], object]) -> None:
        self._progress = progress
        self.looked_at = 0

    def looked_at_more(self, count: int) -> None:
        self.looked_at += count
        self._progress(self.looked_at)


@dataclass(frozen=True, slots=True)
class CampaignCheck:
    """The result of all checks before a campaign starts."""

    name: str
    findings: tuple[Finding, ...]
    """The worst first, including those of recipients."""
    stopping: tuple[Finding, ...]
    """Errors that leaving out recipients can't avoid."""
    recipients: CheckReport | None
    """What rendering everybody found; None: the message can't be rendered at all."""
    audience: int = 0
    """Contacts in its audience, those included whose status keeps them from being mailed."""
    later: int = 0
    """Contacts of a large audience beside those: their mails are checked while it sends."""
    of: CampaignVersion | None = None
    """The campaign as it was when it was checked for a start; None: that is not what it is for."""

    @property
    def ok(self) -> bool:
        """Whether everybody can be mailed."""
        return not any(each.severity is Severity.ERROR for each in self.findings)

    @property
    def unrenderable(self) -> Unrenderable:
        """Contacts who can't be mailed, by reason."""
        return self.recipients.unrenderable if self.recipients is not None else {}

    @property
    def sendable(self) -> int:
        """Recipients who can be mailed, as far as it is known: of those for later it is not."""
        return self.later + (self.recipients.sendable if self.recipients is not None else 0)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The warnings."""
        return tuple(each for each in self.findings if each.severity is Severity.WARNING)

    def raise_if_failed(self, *, skip_unrenderable: bool = False) -> None:
        """Raise an error if the campaign can't be sent.

        Args:
            skip_unrenderable: allow recipients whose mail can't be rendered, unless they are all.

        Raises:
            ContentError: nobody can be mailed; the text has the first reason and their number.
            UnrenderableError: some can't.
        """
        listed = f" `sestui campaign check {self.name}` lists everything."
        if self.stopping:
            more = len(self.stopping) - 1
            others = f" ({more} more error{'s' if more > 1 else ''})" if more else ""
            said = self.stopping[0].sentence.removesuffix(".")
            raise ContentError(f"{said}{others}.{listed if more else ''}")
        found = self.recipients
        if found is None or found.ok or (skip_unrenderable and self.sendable):
            return
        by_option = ""
        if self.sendable:
            by_option = "Its --list names them all, --skip-unrenderable sends to the others."
        raise UnrenderableError(found, listed, sendable=self.sendable, by_option=by_option)


class Checker:
    """Checks drafts, files and campaigns; blocking, and for one thread at a time."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._members = Members(database, clock)
        self._audiences = Audiences(database, clock)
        self._memberships = Memberships(database)
        self._campaigns = Campaigns(database)
        self._settings = settings
        self._clock = clock
        self._asked: dict[tuple[Audience, str], tuple[float, bool]] = {}
        """By audience and attribute: whether nobody has it, and when that was checked."""

    def inspect(
        self,
        fields: CampaignFields,
        message: MessageSource,
        campaign_id: int | None,
        together: Together = NOTHING_ELSE,
    ) -> Inspection:
        """Apply the rules that need no contact.

        ``campaign_id`` is None for one that is not in the database; ``together`` is what is going
        to be saved with it.
        """
        envelope = envelope_of(fields, self._settings, self._clock)
        checked = check_message(message, envelope)
        itself = replace(together, campaigns=together.campaigns | {fields.name})
        ran = campaign_id is not None and self._campaigns.has_run(campaign_id)
        about_campaign = check_campaign_fields(
            fields,
            missing_lists=[
                each
                for each in self._campaigns.missing_lists(fields.lists)
                if each not in together.lists
            ],
            segment_fault=self._audiences.segment_fault(Audience.of(fields), itself),
            too_late=None if ran else self._clock.now() - START_GRACE,
        )
        return Inspection((*checked.findings, *about_campaign), checked, envelope)

    def render(
        self, inspection: Inspection, contact: AudienceMember | None
    ) -> tuple[tuple[Mail, ...], tuple[Finding, ...]]:
        """The mail for a contact (None: a sample one), and the findings in it.

        Of a split, the mail of each variant; none if one can't be made.
        """
        checked = inspection.checked
        composer = checked.composer
        if composer is None:
            return (), ()
        if contact is None:
            email, who = SAMPLE_EMAIL, "a made-up contact"
            attributes = sample_attributes(checked.variables)
        else:
            who = printable(contact.email)
            (shown,) = self._renderable(composer).completed([contact])
            email, attributes = shown.email, shown.attributes
        made = [
            rendered(partial(variant.mail, email, attributes), who)
            for variant in composer.variants()
        ]
        mails = tuple(mail for mail, _ in made if mail is not None)
        findings = tuple(each for _, faults in made for each in faults)
        return (mails if len(mails) == len(made) else ()), findings

    def unknown(
        self,
        inspection: Inspection,
        audience: Audience,
        check: Callable[[], object] = lambda: None,
    ) -> list[Finding]:
        """Findings of variables that have no value for anybody in the audience.

        ``check`` is called between slow queries, and may raise to stop.
        """
        checked, envelope = inspection.checked, inspection.envelope
        known = self._members.attribute_names(audience)
        missing = []
        for name in sorted(wanted_attributes(checked, envelope) - known):
            check()
            if self._nobody_has(audience, name):
                missing.append(name)
        return list(unknown_variables(checked, envelope, missing, known))

    def for_file(
        self,
        fields: CampaignFields,
        message: MessageSource,
        campaign_id: int | None,
        together: Together = NOTHING_ELSE,
    ) -> tuple[Finding, ...]:
        """All checks except those of recipients, which are made before sending."""
        inspection = self.inspect(fields, message, campaign_id, together)
        audience = Audience.of(fields)
        findings = [*inspection.findings, *self._misspelt(audience)]
        contact = self._members.stand_in(audience)
        _, faults = self.render(inspection, contact)
        findings += [each for each in faults if each.severity is not Severity.ERROR]
        if contact is not None:
            findings += self.unknown(inspection, audience)
        return ordered(findings)

    def before_test(self, campaign: Campaign) -> CampaignCheck:
        """The check before a test mail."""
        fields, message = fields_of(campaign), self._campaigns.message(campaign.message_id)
        findings = self.for_file(fields, message, campaign.id)
        errors = tuple(
            each
            for each in findings
            if each.severity is Severity.ERROR
            and each.where not in {"lists", "segment"}  # a test needs none
        )
        return CampaignCheck(campaign.name, findings, errors, None)

    def before_start(
        self,
        campaign: Campaign,
        failed: Callable[[str, str], object] | None = None,
        *,
        advice: bool = False,
        whole: bool = True,
        progress: Callable[[int], object] = lambda _looked_at: None,
    ) -> CampaignCheck:
        """The complete check, which renders the message for every recipient.

        Not ``whole``, of a large audience it renders the first, and those who are left are checked
        while the run sends.

        ``failed`` is told the address and the reason of each recipient who can't be mailed. With
        ``advice``, what mail programs and readers won't like is among the findings. ``progress`` is
        told how many of the audience have been looked at, and may raise to end it.

        Raises:
            NotFoundError: a list or the segment of the campaign doesn't exist.
        """
        fields, message = fields_of(campaign), self._campaigns.message(campaign.message_id)
        inspection = self.inspect(fields, message, campaign.id)
        findings = [*inspection.findings, *self._misspelt(Audience.of(fields))]
        stopping = tuple(each for each in ordered(findings) if each.severity is Severity.ERROR)
        checked, envelope = inspection.checked, inspection.envelope
        if advice and checked.composer is not None:
            findings += lint(message, envelope)
        report, audience = None, _Audience(progress)
        size = 0 if whole else self._audiences.size(Audience.of(fields))
        large = looked_at_before(fields, size) < size
        if checked.composer is not None:
            known = self._members.attribute_names(Audience.of(fields))
            findings += self._local_times(fields)
            try:
                report = check_recipients(
                    checked.composer,
                    self._mailable(fields, checked.composer, audience, first=large),
                    wanted=wanted_attributes(checked, envelope) - known,
                    failed=failed,
                )
            except TooHeavyError as error:
                heavy = Finding(error.where, error.problem, error.line, Severity.ERROR)
                findings.append(heavy)
                stopping = (*stopping, heavy)
            else:
                if report.checked:
                    unused = self._unused(fields, report, complete=not large)
                    findings += unknown_variables(checked, envelope, unused, known)
                findings += of_recipients(report, checked)
        return CampaignCheck(
            campaign.name,
            ordered(findings),
            stopping,
            report,
            audience.looked_at,
            max(0, size - audience.looked_at) if large else 0,
            CampaignVersion.of(campaign),
        )

    def is_large(self, campaign: Campaign) -> bool:
        """Whether the mails of its audience are checked while they are sent."""
        size = self._audiences.size(Audience.of(campaign))
        return looked_at_before(campaign, size) < size

    def _unused(
        self, fields: CampaignFields, report: CheckReport, *, complete: bool
    ) -> Collection[str]:
        """Attributes that nobody has; ``complete``: of those who were rendered, nobody else is."""
        if complete:
            return report.unused
        audience = Audience.of(fields)
        return [name for name in sorted(report.unused) if self._nobody_has(audience, name)]

    def _misspelt(self, audience: Audience) -> list[Finding]:
        """What its segment asks for and nobody has."""
        unknown = self._audiences.unknown_names(audience)
        return [Finding("segment", f"no contact has {each}") for each in unknown]

    def _local_times(self, fields: CampaignFields) -> Iterator[Finding]:
        """What is to be known of when its recipients get the mail by their own clock."""
        if not fields.local_time:
            return
        local = LocalStart(fields.local_time, fields.timezone, self._clock.now())
        hours = self._audiences.local_hours(Audience.of(fields), local)
        zone = zone_named(fields.timezone or self._settings.timezone)
        if unread := hours.unread_words():
            yield Finding("at", f"{unread}; in all, {hours.by_source()}")
        if outside := hours.with_window(fields.send_window, zone).outside_words():
            yield Finding("at", outside)

    def _mailable(
        self, fields: CampaignFields, composer: Composer, audience: "_Audience", *, first: bool
    ) -> Iterator[list[AudienceMember]]:
        renderable = self._renderable(composer, transactional=fields.transactional)
        for batch in self._audiences.batches(Audience.of(fields), FIRST):
            yield renderable.of(batch)
            audience.looked_at_more(len(batch))
            if first and audience.looked_at >= FIRST:
                return

    def _renderable(self, composer: Composer, *, transactional: bool = False) -> Renderable:
        return Renderable(self._memberships, composer, transactional=transactional)

    def _nobody_has(self, audience: Audience, name: str) -> bool:
        now = self._clock.monotonic()
        asked_at, nobody = self._asked.get((audience, name), (float("-inf"), False))
        if now - asked_at > _REMEMBERED_SECONDS:
            nobody = bool(self._members.without(audience, [name]))
            self._asked[audience, name] = (now, nobody)
        return nobody
