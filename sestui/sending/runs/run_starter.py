"""Start runs; all is checked before, but of large audiences most mails are while they are sent."""

from collections.abc import Callable, Sequence

from sestui.compose.checks import CampaignCheck, Checker
from sestui.compose.render_check import UnrenderableError
from sestui.core.campaign.audience import Audience
from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Instant
from sestui.core.contact.address_check import Refusal, check_address
from sestui.core.content import Composer
from sestui.core.content.addresses import wire_address
from sestui.core.schedule.cron import Occurrence
from sestui.core.segments.chosen import on_one_line
from sestui.core.text import printable
from sestui.errors import ConflictError, ContentError, NotFoundError, StateError
from sestui.store.campaigns.campaigns import CampaignVersion
from sestui.store.contacts.audiences import Audiences
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.tables import Campaign, Contact, Run
from sestui.store.runs.runs import Runs

OnCheck = Callable[[CampaignCheck], object]
"""Called with the results of the checks before anything is started."""
Progress = Callable[[int], object]
"""Called with the number of contacts that a check has looked at; may raise to end the check."""

_CITED = 80
"""Characters of an expression that a sentence repeats."""


def no_progress(_looked_at: int) -> None:
    """Ignore progress."""


class RunStarter:
    """Starts runs of campaigns; ``compose`` makes a campaign's composer."""

    def __init__(
        self,
        contacts: Contacts,
        audiences: Audiences,
        runs: Runs,
        compose: Callable[[Campaign], Composer],
        checker: Callable[[], Checker],
    ) -> None:
        self._contacts = contacts
        self._audiences = audiences
        self._runs = runs
        self._compose = compose
        self._checker = checker

    def check(
        self,
        campaign: Campaign,
        failed: Callable[[str, str], object] | None = None,
        *,
        advice: bool = False,
        whole: bool = True,
        progress: Progress = no_progress,
    ) -> CampaignCheck:
        """Run all checks, rendering the message for the whole audience.

        Not ``whole``, it looks at the first of a large one, which is what a start needs.
        ``failed`` is called with address and reason of each recipient who can't be mailed;
        ``advice`` adds hints about mail programs and readers. ``progress`` is
        called with the number of contacts looked at so far, and may raise to end the check.
        """
        return self._checker().before_start(
            campaign, failed, advice=advice, whole=whole, progress=progress
        )

    def check_start(self, campaign: Campaign, progress: Progress) -> CampaignCheck:
        """Run the check for a start by hand, once the cheap conditions of a start hold.

        Raises:
            NotFoundError, StateError: as :meth:`start`, of a campaign that may be sent again.
        """
        self._runs.refuse_repeat(campaign, again=True)
        self._refuse_nobody(campaign)
        return self.check(campaign, whole=False, progress=progress)

    def start(
        self,
        campaign: Campaign,
        now: Instant,
        *,
        again: bool = False,
        only: Only | None = None,
        skip_unrenderable: bool = False,
        on_check: OnCheck | None = None,
        check: CampaignCheck | None = None,
        progress: Progress = no_progress,
    ) -> Run:
        """Check, then start a run; ``only`` limits it to a part of the audience, as a follow-up.

        ``skip_unrenderable`` (or the campaign's field) skips recipients whose mail can't be
        rendered. ``check`` is the result of :meth:`check_start`, which then isn't repeated;
        ``progress`` is as in :meth:`check`.

        Raises:
            ConflictError: the campaign has been changed since ``check``.
            ContentError: the message is invalid. UnrenderableError: the mail can't be rendered for
                somebody. NotFoundError: a list or the segment of the campaign, or something that
                the segment names, doesn't exist. StateError: a run has not ended, the campaign was
                sent before and ``again`` is false, or nobody is in the audience.
        """
        self._runs.refuse_repeat(campaign, again=again or only is not None)
        self._refuse_nobody(campaign)
        skip = skip_unrenderable or campaign.skip_unrenderable
        check = self.checked(
            campaign, skip=skip, on_check=on_check, check=check, whole=False, progress=progress
        )
        run = self._runs.start(
            campaign,
            now,
            again=again,
            only=only,
            unrenderable=check.unrenderable,
            skip_unrenderable=skip,
            beside=bool(check.later),
        )
        assert run is not None  # noqa: S101 - only an occurrence can have a run already
        return run

    def start_occurrence(
        self,
        campaign: Campaign,
        now: Instant,
        occurrence: Occurrence,
        *,
        only: Only | None = None,
        on_check: OnCheck | None = None,
    ) -> Run | None:
        """Start a run of an occurrence; None if it has one. An empty run ends at once."""
        if self._runs.occurred(campaign, occurrence):
            return None
        self._runs.refuse_repeat(campaign, again=True)
        self._audiences.size(Audience.of(campaign))  # raises if a list or a segment is gone
        skip = campaign.skip_unrenderable
        check = self.checked(campaign, skip=skip, on_check=on_check, whole=False)
        return self._runs.start(
            campaign,
            now,
            only=only,
            scheduled_for=occurrence,
            unrenderable=check.unrenderable,
            skip_unrenderable=skip,
            beside=bool(check.later),
        )

    def checked(
        self,
        campaign: Campaign,
        *,
        skip: bool,
        on_check: OnCheck | None,
        check: CampaignCheck | None = None,
        whole: bool = True,
        progress: Progress = no_progress,
    ) -> CampaignCheck:
        """Run :meth:`check` and raise if it failed; ``skip`` tolerates unrenderable recipients.

        ``check`` and ``progress`` are as in :meth:`start`.

        Raises: ConflictError, ContentError, UnrenderableError: as :meth:`start`.
        """
        if check is None:
            check = self.check(campaign, whole=whole, progress=progress)
        elif check.of != CampaignVersion.of(campaign):
            raise ConflictError(
                f"{campaign.name} has been changed since it was checked; check it again."
            )
        if on_check is not None:
            on_check(check)
        check.raise_if_failed(skip_unrenderable=skip)
        return check

    def is_large(self, campaign: Campaign) -> bool:
        """Whether the mails of its audience are checked while they are sent."""
        return self._checker().is_large(campaign)

    def _refuse_nobody(self, campaign: Campaign) -> None:
        audience = Audience.of(campaign)
        if self._audiences.size(audience):
            return
        on = f"on {', '.join(audience.lists)}"
        if audience.segment:
            who = f"{on} is in" if audience.lists else "is in"
            raise StateError(
                f"Nobody {who} the segment of {campaign.name} now: "
                f"{_shortened(printable(on_one_line(audience.segment)))}.",
                by_option="`sestui segment explain` counts who fulfils each of its conditions.",
            )
        raise StateError(
            f"Nobody is {on if audience.lists else 'on any list of the campaign'}; import "
            "contacts first.",
            by_option="`sestui import FILE --list NAME` does that.",
        )

    def start_held(
        self,
        campaign: Campaign,
        now: Instant,
        why: UnrenderableError | None,
        sentence: str,
        *,
        only: Only | None = None,
        scheduled_for: Occurrence,
    ) -> Run | None:
        """Create a paused run of an occurrence, with ``sentence`` as the reason.

        ``why`` holds the recipients whose mail can't be rendered, with their reasons.
        """
        return self._runs.start(
            campaign,
            now,
            only=only,
            scheduled_for=scheduled_for,
            held_for=sentence,
            unrenderable=why.report.unrenderable if why is not None else None,
            beside=self.is_large(campaign),
        )

    def start_test(
        self,
        campaign: Campaign,
        addresses: Sequence[str],
        now: Instant,
        *,
        shown_as: str = "",
        on_check: OnCheck | None = None,
    ) -> Run:
        """Send the message to ``addresses`` only.

        It is rendered with the attributes of the contact ``shown_as``, or else of the recipient, or
        else of the audience's first contact who can be mailed. Raises: ContentError: an address is
        invalid, or the mail can't be rendered. NotFoundError: ``shown_as`` is not a contact.
        """
        given = [_bare(address) for address in addresses]
        check = self._checker().before_test(campaign)
        if on_check is not None:
            on_check(check)
        check.raise_if_failed()
        composer = self._compose(campaign)
        recipients = []
        for address in given:
            contact = self._shown(campaign, shown_as or address, required=bool(shown_as))
            for variant in composer.variants():
                variant.mail(address, contact.attributes if contact else {})
            # In punycode, as claims find suppressions by that spelling only.
            recipients.append((wire_address(address), contact.id if contact else None))
        return self._runs.start_test(campaign, recipients, now)

    def _shown(self, campaign: Campaign, email: str, *, required: bool) -> Contact | None:
        contact = self._contacts.get(email)
        if contact is not None:
            return contact
        if required:
            raise NotFoundError(f"There is no contact {email}.")
        for batch in self._audiences.batches(Audience.of(campaign)):
            able = (each for each in batch if each.can_be_mailed)
            return self._contacts.get(next(able, batch[0]).email)
        return None


def _bare(text: str) -> str:
    """The address of a test, which must be one that a contact could have."""
    checked = check_address(text)
    if isinstance(checked, Refusal):
        raise ContentError(f"{printable(text)!r} is not an address ({checked.reason.rstrip('.')}).")
    return checked.email


def _shortened(expression: str) -> str:
    return expression if len(expression) <= _CITED else f"{expression[: _CITED - 1]}…"
