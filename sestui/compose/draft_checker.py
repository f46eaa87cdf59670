"""Check a draft and render it for one contact."""

from collections.abc import Callable
from dataclasses import dataclass

from sestui.compose.checks import Checker
from sestui.compose.sample_contact import SAMPLE_EMAIL
from sestui.core.campaign.audience import Audience
from sestui.core.campaign.draft import ReadDraft
from sestui.core.contact.address_check import address_key
from sestui.core.content.lint.findings import Finding, Severity, ordered
from sestui.core.delivery.mail import Mail
from sestui.store.campaigns.campaigns import CampaignVersion
from sestui.store.contacts.audiences import AudienceMember
from sestui.store.contacts.members import Members


@dataclass(frozen=True, slots=True)
class PreviewTarget:
    """The contact to render for."""

    contact_id: int | None = None
    """The contact shown before; None for the first who can be mailed."""
    step: int = 0
    """1 for the next one, -1 for the previous."""


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """The result of a check."""

    findings: tuple[Finding, ...]
    """The worst first."""
    mail: Mail | None
    """None if it can't be rendered; the findings say why."""
    subjects: tuple[str, ...]
    """The mail's subject, or those of all variants of its split."""
    contact: AudienceMember | None
    """The mail's contact; None for the sample one, if nobody is in the audience."""

    @property
    def email(self) -> str:
        """The contact's address."""
        return SAMPLE_EMAIL if self.contact is None else self.contact.email

    @property
    def sendable(self) -> bool:
        """Whether no known error prevents sending."""
        return not any(each.severity is Severity.ERROR for each in self.findings)


class Superseded(Exception):  # noqa: N818 - not an error, as the user went on typing
    """The draft has changed since."""


class DraftChecker:
    """Checks drafts; blocking, and for one thread at a time."""

    def __init__(self, checker: Checker, members: Members) -> None:
        self._checker = checker
        self._members = members

    def check(
        self,
        read: ReadDraft,
        seen: CampaignVersion | None,
        whom: PreviewTarget,
        superseded: Callable[[], bool],
    ) -> CheckedDraft:
        """Check a draft and render it.

        Raises:
            Superseded: ``superseded`` returned true.
        """

        def check() -> None:
            if superseded():
                raise Superseded

        campaign = read.campaign
        findings = [
            Finding(each.field, each.problem, severity=Severity.ERROR) for each in read.faults
        ]
        inspection = self._checker.inspect(
            campaign, read.message, seen.id if seen is not None else None
        )
        findings += inspection.findings
        check()
        audience = Audience.of(campaign)
        contact = self._contact(audience, whom)
        check()
        mails, faults = self._checker.render(inspection, contact)
        findings += faults
        if contact is not None:
            findings += self._checker.unknown(inspection, audience, check)
        return CheckedDraft(
            ordered(findings),
            mails[0] if mails else None,
            tuple(each.subject for each in mails),
            contact,
        )

    def find(self, audience: Audience, email: str) -> AudienceMember | None:
        """The contact of the audience with that address, or None."""
        return self._members.by_address(audience, address_key(email))

    def _contact(self, audience: Audience, whom: PreviewTarget) -> AudienceMember | None:
        if whom.contact_id is not None and not whom.step:
            same = self._members.by_id(audience, whom.contact_id)
            if same is not None:
                return same
        if whom.contact_id is None and not whom.step:
            return self._members.stand_in(audience)
        return self._members.beside(audience, whom.contact_id, back=whom.step < 0)
