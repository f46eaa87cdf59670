"""Likely mistakes in a campaign's own fields."""

from dataclasses import replace

import pytest

from sestui.core.campaign.findings import check_campaign_fields
from tests.support.fields import CAMPAIGN


@pytest.mark.parametrize(
    ("schedule", "at", "meets"),
    [
        ("0 21 * * *", "09:00 local", True),
        ("0 21 * * 1-5", "09:00 local", True),
        ("0 21 */2 * *", "09:00 local", True),  # the 31st and the 1st
        ("0 21 29 2 *", "09:00 local", False),
        ("0 21 * * 1,3", "09:00 local", False),
        ("0 21 * * *", "", False),
        ("", "09:00 local", False),
    ],
)
def test_a_schedule_that_comes_before_it_has_been_that_time_everywhere(schedule, at, meets):
    fields = replace(CAMPAIGN, schedule=schedule, local_time=at, timezone="Europe/Paris")
    found = list(check_campaign_fields(fields, missing_lists=(), too_late=None))
    assert [each.where for each in found] == ["schedule"] * meets
