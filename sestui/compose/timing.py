"""When a campaign's next run is due, by its schedule or start and its last run."""

from sestui.core.campaign.fields import CampaignFields
from sestui.core.clock import Instant
from sestui.core.schedule.cron import next_occurrence, occurrence_at
from sestui.store.campaigns.campaigns import Campaigns, fields_of
from sestui.store.db.tables import Campaign

START_GRACE = 86_400.0
"""Seconds; a start further in the past doesn't start anything."""


def next_due(
    campaigns: Campaigns, wanted: CampaignFields, existing: Campaign | None, now: Instant
) -> Instant | None:
    """When the campaign runs next; unchanged if its timing is.

    ``existing`` is the stored campaign; None for a new one.
    """
    if (
        existing is not None
        and existing.next_due_at is not None
        and same_timing(fields_of(existing), wanted)
    ):
        return existing.next_due_at
    if wanted.schedule:
        after = now
        if existing is not None:
            after = campaigns.later_than(existing, wanted.timezone, now)
        found = next_occurrence(wanted.schedule, wanted.timezone, after)
        return None if found is None else found.at
    start = wanted.start_at
    if start is not None and existing is not None:
        # The same local time was sent already, before a change of the zone.
        same = occurrence_at("", wanted.timezone, start).of_zone(wanted.timezone)
        if campaigns.is_over(existing.id, same):
            return None
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
