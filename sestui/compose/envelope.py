"""The envelope of a campaign or run: its own fields, and what the settings add."""

from typing import Any, Protocol

from sestui.core.content import Envelope
from sestui.settings import Settings


class Sent(Protocol):
    """What campaigns and runs have in common."""

    from_address: str
    reply_to: list[str]
    keywords: dict[str, Any]
    transactional: bool


def envelope_of(campaign: Sent, settings: Settings) -> Envelope:
    """What every mail of this campaign (or run) carries."""
    return Envelope(
        from_address=campaign.from_address,
        reply_to=tuple(campaign.reply_to),
        keywords=dict(campaign.keywords),
        transactional=campaign.transactional,
        configuration_set=settings.configuration_set,
        unsubscribe_url=settings.unsubscribe_url,
        view_url=settings.view_url,
    )
