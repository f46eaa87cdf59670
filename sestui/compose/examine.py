"""One look at a draft: what is wrong with it, and the mail it makes for one contact."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sestui.compose.envelope import envelope_of
from sestui.compose.sample import SAMPLE_EMAIL, sample_attributes
from sestui.compose.timing import START_GRACE
from sestui.core.addresses import address_key
from sestui.core.campaign_findings import examine_campaign
from sestui.core.clock import Clock
from sestui.core.content import Envelope
from sestui.core.content.findings import (
    Examined,
    Finding,
    Severity,
    examine,
    ordered,
    rendered,
    unknown_variables,
    wanted_attributes,
)
from sestui.core.draft import ReadDraft
from sestui.core.mail import Mail
from sestui.core.text import printable
from sestui.settings import Settings
from sestui.store.campaigns import Campaigns, Seen
from sestui.store.contacts import AudienceMember
from sestui.store.members import Members

_REMEMBERED_SECONDS = 60.0
"""How long it is believed that nobody on a list has an attribute: to be sure takes a full read."""


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom the mail is to be rendered."""

    contact_id: int | None = None
    """The contact shown before; None: the first."""
    step: int = 0
    """1 for the next one, -1 for the one before."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to."""

    findings: tuple[Finding, ...]
    """The worst first."""
    mail: Mail | None
    """None: it can't be rendered, and the findings say why."""
    contact: AudienceMember | None
    """Whose mail it is; None: the made-up contact's, as nobody is on the lists."""

    @property
    def email(self) -> str:
        """The address of whom it is for."""
        return SAMPLE_EMAIL if self.contact is None else self.contact.email

    @property
    def sendable(self) -> bool:
        """Whether nothing is known to stand in the way."""
        return not any(each.severity is Severity.ERROR for each in self.findings)


class Superseded(Exception):  # noqa: N818 - not an error: somebody typed on
    """The look is of no use any more."""


class Examiner:
    """Looks at drafts; blocking, and for one thread at a time."""

    def __init__(
        self, members: Members, campaigns: Campaigns, settings: Settings, clock: Clock
    ) -> None:
        self._members = members
        self._campaigns = campaigns
        self._settings = settings
        self._clock = clock
        self._asked: dict[tuple[tuple[str, ...], str], tuple[float, bool]] = {}
        """Whether nobody on these lists has that attribute, and when that was asked."""

    def look(
        self, read: ReadDraft, seen: Seen | None, whom: Whom, superseded: Callable[[], bool]
    ) -> Look:
        """Put every rule to a draft and render it.

        Raises:
            Superseded: ``superseded`` said so meanwhile.
        """

        def check() -> None:
            if superseded():
                raise Superseded

        campaign = read.campaign
        envelope = envelope_of(campaign, self._settings)
        findings = [
            Finding(each.field, each.problem, severity=Severity.ERROR) for each in read.faults
        ]
        examined = examine(read.message, envelope)
        findings += examined.findings
        check()
        ran = seen is not None and self._campaigns.has_run(seen.id)
        findings += examine_campaign(
            campaign,
            missing_lists=self._campaigns.missing_lists(campaign.lists),
            too_late=None if ran else self._clock.now() - START_GRACE,
        )
        contact = self._contact(campaign.lists, whom)
        check()
        mail = None
        if examined.composer is not None:
            mail, faults = _rendered(examined, contact)
            findings += faults
        if contact is not None:
            findings += self._unknown(examined, envelope, campaign.lists, check)
        return Look(ordered(findings), mail, contact)

    def find(self, lists: Sequence[str], email: str) -> AudienceMember | None:
        """The contact on the lists with that address; None: there is none."""
        return self._members.by_address(lists, address_key(email))

    def _contact(self, lists: Sequence[str], whom: Whom) -> AudienceMember | None:
        if whom.contact_id is not None and not whom.step:
            same = self._members.by_id(lists, whom.contact_id)
            if same is not None:
                return same
        return self._members.beside(lists, whom.contact_id, back=whom.step < 0)

    def _unknown(
        self,
        examined: Examined,
        envelope: Envelope,
        lists: tuple[str, ...],
        check: Callable[[], None],
    ) -> list[Finding]:
        known = self._members.attribute_names(lists)
        missing = []
        for name in sorted(wanted_attributes(examined, envelope) - known):
            check()
            if self._nobody_has(lists, name):
                missing.append(name)
        return list(unknown_variables(examined, envelope, missing, known))

    def _nobody_has(self, lists: tuple[str, ...], name: str) -> bool:
        now = self._clock.monotonic()
        asked_at, nobody = self._asked.get((lists, name), (float("-inf"), False))
        if now - asked_at > _REMEMBERED_SECONDS:
            nobody = bool(self._members.without(lists, [name]))
            self._asked[lists, name] = (now, nobody)
        return nobody


def _rendered(
    examined: Examined, contact: AudienceMember | None
) -> tuple[Mail | None, tuple[Finding, ...]]:
    composer = examined.composer
    assert composer is not None  # noqa: S101 - the caller has looked
    if contact is None:
        attributes = sample_attributes(examined.variables)
        return rendered(lambda: composer.mail(SAMPLE_EMAIL, attributes), "a made-up contact")
    who = printable(contact.email)
    return rendered(lambda: composer.mail(contact.email, contact.attributes), who)
