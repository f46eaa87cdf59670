from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sestui.compose.drafts import Drafts
from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.core.schedule.cron import Occurrence
from sestui.errors import ConflictError, NotFoundError, StateError
from tests.support.clocks import FakeClock

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=PARIS).timestamp()
DECEMBER = datetime(2026, 12, 1, 9, 0, tzinfo=PARIS).timestamp()
HI, BYE = MessageSource("s", "hi"), MessageSource("s", "bye")


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture
def drafts(campaigns, clock):
    return Drafts(campaigns, clock)


def monthly(**more):
    usual = {"schedule": "0 9 1 * *", "timezone": "Europe/Paris"}
    return CampaignFields("news", "a@example.com", **usual | more)


def test_a_new_campaign_is_saved_and_opened(drafts, campaigns):
    saved = drafts.save(None, CampaignFields("news", ""), HI, scheduled=None)
    assert (saved.fields, saved.message) == (CampaignFields("news", ""), HI)
    assert drafts.open("news") == saved
    assert campaigns.get("news").next_due_at is None
    with pytest.raises(StateError, match="already"):
        drafts.save(None, CampaignFields("news", ""), HI, scheduled=None)
    with pytest.raises(NotFoundError):
        drafts.open("nose")


def test_a_schedule_starts_something_only_when_that_is_said(drafts):
    assert drafts.would_start(None, monthly()) == DECEMBER
    draft = drafts.save(None, monthly(), HI, scheduled=None)
    assert draft.next_due_at is None
    assert drafts.would_start(draft.seen, monthly()) == DECEMBER
    on = drafts.save(draft.seen, monthly(), HI, scheduled=True)
    assert on.next_due_at == DECEMBER
    assert drafts.would_start(on.seen, monthly()) is None
    edited = drafts.save(on.seen, monthly(priority=7), BYE, scheduled=None)
    assert edited.next_due_at == DECEMBER
    moved = drafts.save(edited.seen, monthly(schedule="0 10 1 * *"), BYE, scheduled=None)
    assert moved.next_due_at is None
    assert drafts.would_start(moved.seen, monthly(schedule="0 10 1 * *")) == DECEMBER + 3600
    off = drafts.save(moved.seen, monthly(), BYE, scheduled=False)
    assert off.next_due_at is None


def test_a_run_that_started_meanwhile_is_no_conflict(drafts, campaigns):
    seen = drafts.save(None, monthly(), HI, scheduled=True).seen
    campaigns.set_next(seen.id, Occurrence(DECEMBER + 100, ""))
    assert drafts.save(seen, monthly(), BYE, scheduled=None).next_due_at == DECEMBER + 100


def test_a_change_by_somebody_else_is_a_conflict(drafts, campaigns, clock):
    seen = drafts.save(None, monthly(), HI, scheduled=None).seen
    clock.advance(1)
    campaigns.save(monthly(priority=9), BYE, now=clock.now(), next_due_at=None)
    with pytest.raises(ConflictError, match="news has been changed in the meantime"):
        drafts.save(seen, monthly(), HI, scheduled=None)
    newest = drafts.newest(seen)
    assert newest.fields.priority == 9
    assert drafts.save(newest.seen, monthly(), HI, scheduled=None).fields == monthly()
