"""When a campaign's next run is due, as its schedule or start and its past say."""

from sestui.core.campaign import CampaignFields
from sestui.core.clock import Instant
from sestui.core.cron import next_fire
from sestui.store.campaigns import Campaigns, fields_of
from sestui.store.tables import Campaign

START_GRACE = 86_400.0
"""Seconds: a start further in the past than this is history and sends nothing by itself."""


def next_due(
    campaigns: Campaigns, wanted: CampaignFields, existing: Campaign | None, now: Instant
) -> Instant | None:
    """When the campaign runs next; an edit that doesn't touch the timing doesn't move it.

    ``existing`` is the campaign as it is; None: there is none yet.
    """
    if (
        existing is not None
        and existing.next_due_at is not None
        and same_timing(fields_of(existing), wanted)
    ):
        return existing.next_due_at
    if wanted.schedule:
        return next_fire(wanted.schedule, wanted.timezone, now)
    start = wanted.start_at
    if start is None or start > now:
        return start
    ran = existing is not None and existing.id is not None and campaigns.has_run(existing.id)
    return None if ran or start < now - START_GRACE else start


def same_timing(one: CampaignFields, other: CampaignFields) -> bool:
    """Whether both run at the same times."""
    return (one.schedule, one.start_at, one.timezone) == (
        *(other.schedule, other.start_at),
        other.timezone,
    )
