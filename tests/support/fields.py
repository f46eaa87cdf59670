"""A value for every field of a campaign and of a task, none of them the usual one.

The tests of the tables go through these: a new field fails them by its name until it is here and
arrives at every door.
"""

from dataclasses import replace
from typing import Any

from sestui.core.campaign.fields import CampaignFields
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import Misfire, Overlap

CAMPAIGN = CampaignFields("news", "shop@example.com", lists=("all",))
CAMPAIGN_SAMPLES: dict[str, Any] = {
    "name": "other-news",
    "from_address": "Ada's Shop <news@example.com>",
    "reply_to": ("help@example.com", '"Grün, Ada" <ada@example.com>'),
    "lists": ("newsletter", "vip, old"),
    "segment": 'plan == "pro" and not received("october #1")',
    "split": ("Our news, and a gift", "A {{ kind }} for you"),
    "split_share": 12.5,
    "split_hours": 4,
    "schedule": "0 9 1 * *",
    "start_at": 1796112000.0,
    "timezone": "Europe/Paris",
    "local_time": "09:00 local",
    "only": "joined",
    "misfire_hours": 0.5,
    "priority": 7,
    "max_rate": 0.1,
    "send_window": "Mon-Fri 09:00-18:00",
    "at_most": "1 per 3 days",
    "holdout": "2.5%",
    "transactional": True,
    "skip_unrenderable": True,
    "notify": ("ops@example.com",),
    "keywords": {"season": "autumn, late", "year": 2026},
}

TASK = TaskFields("nightly", "purge", "0 3 * * *", timezone="UTC")
TASK_SAMPLES: dict[str, Any] = {
    "name": "other",
    "type": "backup",
    "schedule": "30 4 * * 1",
    "timezone": "Europe/Paris",
    "description": "the copy of the night",
    "priority": 9,
    "timeout": 600.5,
    "starts_at": 3786825600.0,
    "ends_at": 3818361600.0,
    "misfire": Misfire.ALL,
    "misfire_bound": 3,
    "overlap": Overlap.WAIT,
    "active": False,
    "parameters": {"task_runs": 30},
}


def campaigns_by_field() -> dict[str, CampaignFields]:
    """The usual campaign with one field changed, by that field."""
    return {name: replace(CAMPAIGN, **{name: value}) for name, value in CAMPAIGN_SAMPLES.items()}


def tasks_by_field() -> dict[str, TaskFields]:
    """The usual task with one field changed, by that field."""
    return {name: replace(TASK, **{name: value}) for name, value in TASK_SAMPLES.items()}
