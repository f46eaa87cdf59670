"""Checks for likely mistakes in a campaign's own fields."""

from collections.abc import Collection, Iterator
from itertools import pairwise

from sestui.core.campaign.audience import Audience
from sestui.core.campaign.fields import CampaignFields, default_of
from sestui.core.clock import Instant, iso
from sestui.core.content.lint.findings import Finding, Severity
from sestui.core.schedule.cron import next_occurrences
from sestui.core.schedule.local_time import LONGEST_RUN

_OCCURRENCES = 20
"""Of a schedule: of every other day, the end of a month is among them."""


def check_campaign_fields(
    fields: CampaignFields,
    *,
    missing_lists: Collection[str],
    segment_fault: str = "",
    too_late: Instant | None,
) -> Iterator[Finding]:
    """Check a campaign; its message is checked elsewhere.

    Args:
        fields: the campaign's own values.
        missing_lists: its lists that don't exist.
        segment_fault: why nobody can be found by its segment, as a sentence; '' if it can be used.
        too_late: a ``start`` before this has no effect; None if it has started the campaign.
    """
    if not Audience.of(fields).is_named:
        yield Finding(
            "lists",
            "it names no list and no segment; the campaign would reach no one",
            severity=Severity.ERROR,
        )
    for name in missing_lists:
        yield Finding("lists", f"there is no list {name!r} yet; `sestui import` makes it")
    if segment_fault:
        yield Finding("segment", segment_fault.removesuffix("."))
    if too_late is not None and fields.start_at is not None and fields.start_at < too_late:
        yield Finding(
            "start",
            f"{iso(fields.start_at)} is long past, so the campaign starts only by hand",
        )
    if fields.at_most and fields.transactional:
        yield Finding("at_most", "it has no effect: transactional mail is not limited")
    if fields.holdout and fields.transactional:
        yield Finding("holdout", "it has no effect: nobody is held out of transactional mail")
    if fields.split and fields.local_time:
        why = "the rest would get its mail when the winner is chosen, not by its own clocks"
        yield Finding("split", f"it can't go with at: {why}", severity=Severity.ERROR)
    if not fields.split:
        for name in ("split_share", "split_hours"):
            if getattr(fields, name) != default_of(name):
                yield Finding(name, "it has no effect: there is no split")
    if fields.local_time and fields.schedule and _meets_itself(fields):
        yield Finding(
            "schedule",
            "with at a run takes up to 25 hours, and it comes again sooner: the next run starts "
            "once the one before has ended",
        )
    if fields.only and not fields.schedule:
        yield Finding("only", "it is for a schedule, and there is none: everyone gets it")


def _meets_itself(fields: CampaignFields) -> bool:
    """Whether an occurrence may come before everybody's local time since the last one has."""
    found = next_occurrences(fields.schedule, fields.timezone, 0.0, _OCCURRENCES)
    return any(later.at - each.at < LONGEST_RUN for each, later in pairwise(found))
