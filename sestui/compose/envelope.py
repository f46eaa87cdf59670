"""The envelope of a campaign or run, from its fields and the settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sestui.core.clock import Clock
from sestui.core.content import Envelope
from sestui.settings import Settings


@dataclass(frozen=True, slots=True)
class UnsubscribeTokens:
    """Makes tokens from a delivery's id and its address; None where nothing is sent."""

    of_link: Callable[[int, str], str] | None = None
    """Of links to the unsubscribe page."""
    of_mail: Callable[[int, str], str] | None = None
    """Of the address that mail to unsubscribe goes to."""


NO_TOKENS = UnsubscribeTokens()


class EnvelopeFields(Protocol):
    """The envelope's fields of campaigns and runs, as rows and as values."""

    @property
    def from_address(self) -> str:
        """The sender."""

    @property
    def reply_to(self) -> Sequence[str]:
        """Addresses for replies."""

    @property
    def split(self) -> Sequence[str]:
        """The subjects of its variants; none without a split."""

    @property
    def keywords(self) -> Mapping[str, Any]:
        """Values for the message's variables."""

    @property
    def transactional(self) -> bool:
        """Whether it has no unsubscribe link."""

    @property
    def timezone(self) -> str:
        """The IANA zone of its times; '' for the settings'."""


def envelope_of(
    campaign: EnvelopeFields,
    settings: Settings,
    clock: Clock,
    tokens: UnsubscribeTokens = NO_TOKENS,
) -> Envelope:
    """The envelope of every mail of a campaign or run; ``clock`` is for ``now``."""
    return Envelope(
        from_address=campaign.from_address,
        reply_to=tuple(campaign.reply_to),
        subjects=tuple(campaign.split),
        keywords=dict(campaign.keywords),
        transactional=campaign.transactional,
        configuration_set=settings.configuration_set,
        unsubscribe_url=settings.unsubscribe_url,
        view_url=settings.view_url,
        unsubscribe_email=settings.unsubscribe_email,
        web_url=settings.web_url,
        link_token=tokens.of_link,
        unsubscribe_mailbox=settings.unsubscribe_mailbox,
        mail_token=tokens.of_mail,
        contact_list=settings.ses_contact_list,
        contact_topic=settings.ses_topic,
        timezone=campaign.timezone or settings.timezone,
        now=clock.now,
    )
