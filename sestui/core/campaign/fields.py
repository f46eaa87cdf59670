"""A campaign's own values, light enough for those who only read them."""

from dataclasses import dataclass, field
from typing import Any

from sestui.core.clock import Instant

USUAL_MISFIRE_HOURS = 24.0
"""A scheduled run that is later than this isn't sent unasked."""


@dataclass(frozen=True, slots=True)
class CampaignFields:
    """What a campaign is beside its message; equal fields are the same campaign."""

    name: str
    from_address: str
    reply_to: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    transactional: bool = False
    priority: int = 5
    max_rate: float | None = None
    """Recipients a second."""
    send_window: str = ""
    """The hours in which its mail may leave, in ``timezone``; '' is always."""
    notify: tuple[str, ...] = ()
    schedule: str = ""
    start_at: Instant | None = None
    timezone: str = ""
    only: str = ""
    """``joined``: a scheduled run is for those who joined since the last one; '' for everybody."""
    misfire_hours: float = USUAL_MISFIRE_HOURS
    """A scheduled run that is later than this waits for approval."""
    skip_unrenderable: bool = False
    """Recipients whose mail can't be made are skipped instead of holding the run."""
