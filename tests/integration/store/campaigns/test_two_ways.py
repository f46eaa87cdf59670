"""A campaign starts by itself in one way, on both engines, whichever was there first."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content import MessageSource
from sestui.core.task.fields import TaskFields
from sestui.errors import StateError
from sestui.store.campaigns.campaigns import Campaigns, CampaignVersion
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign
from sestui.store.tasks.tasks import Tasks
from tests.support.clocks import START

SOON = START + 3_600
WEEKLY = TaskFields(
    "weekly", "campaign", "0 9 * * 1", timezone="UTC", parameters={"campaign": "news"}
)
MESSAGE = MessageSource("News", "Hello")
BY_TASK = "news is scheduled already, by the task weekly (0 9 * * 1); switch that task off"
BY_ITSELF = "news is scheduled already, by its own schedule (0 9 * * *); take that out"


def fields(name: str = "news", schedule: str = "0 9 * * *") -> CampaignFields:
    return CampaignFields(name, "a@example.com", lists=("all",), schedule=schedule, timezone="UTC")


@pytest.fixture
def campaigns(database: Database) -> Campaigns:
    return Campaigns(database)


@pytest.fixture
def tasks(database: Database) -> Tasks:
    return Tasks(database)


def save(campaigns: Campaigns, name: str = "news", due: float | None = SOON) -> Campaign:
    return campaigns.save(fields(name), MESSAGE, now=START, next_due_at=due)


def _added(tasks: Tasks) -> None:
    tasks.add(WEEKLY, START)


def _of_another_campaign(tasks: Tasks) -> None:
    tasks.add(replace(WEEKLY, parameters={"campaign": "others"}), START)
    tasks.change("weekly", WEEKLY, START)


def _of_another_type(tasks: Tasks) -> None:
    tasks.add(replace(WEEKLY, type="purge", parameters={}), START)
    tasks.change("weekly", WEEKLY, START)


def _enabled(tasks: Tasks) -> None:
    tasks.add(replace(WEEKLY, active=False), START)
    tasks.change("weekly", WEEKLY, START)


@pytest.mark.parametrize("schedule", [_added, _of_another_campaign, _of_another_type, _enabled])
def test_no_task_starts_what_has_its_own_schedule(
    campaigns: Campaigns, tasks: Tasks, schedule: Callable[[Tasks], None]
) -> None:
    save(campaigns)
    with pytest.raises(StateError) as met:
        schedule(tasks)
    assert str(met.value).startswith(BY_ITSELF)
    found = tasks.find("weekly")
    assert found is None or not (found.active and found.parameters == WEEKLY.parameters)


def _saved(campaigns: Campaigns) -> None:
    save(campaigns)


def _scheduled_later(campaigns: Campaigns) -> None:
    save(campaigns, due=None)
    save(campaigns)


def _created_on_screen(campaigns: Campaigns) -> None:
    campaigns.save_seen(None, fields(), MESSAGE, now=START, next_due_at=SOON)


def _changed_on_screen(campaigns: Campaigns) -> None:
    seen = CampaignVersion.of(save(campaigns, due=None))
    campaigns.save_seen(seen, fields(), MESSAGE, now=START, next_due_at=SOON)


def _renamed(campaigns: Campaigns) -> None:
    seen = CampaignVersion.of(save(campaigns, "others"))
    campaigns.save_seen(seen, fields(), MESSAGE, now=START, next_due_at=SOON)


@pytest.mark.parametrize(
    "schedule", [_saved, _scheduled_later, _created_on_screen, _changed_on_screen, _renamed]
)
def test_nothing_gets_its_own_schedule_that_a_task_starts(
    campaigns: Campaigns, tasks: Tasks, schedule: Callable[[Campaigns], None]
) -> None:
    tasks.add(WEEKLY, START)
    with pytest.raises(StateError) as met:
        schedule(campaigns)
    assert str(met.value).startswith(BY_TASK)
    found = campaigns.find("news")
    assert found is None or found.next_due_at is None


def test_a_task_that_is_off_and_a_start_that_has_passed_do_not_count(
    campaigns: Campaigns, tasks: Tasks
) -> None:
    tasks.add(replace(WEEKLY, active=False), START)
    campaign = save(campaigns)
    campaigns.set_next(campaign.id, None)  # as when a start has passed
    tasks.change("weekly", WEEKLY, START)
    tasks.remove("weekly")
    assert save(campaigns).next_due_at == SOON


def test_what_is_scheduled_twice_since_before_can_be_edited_but_in_its_timing(
    campaigns: Campaigns, tasks: Tasks, database: Database
) -> None:
    tasks.add(WEEKLY, START)
    campaign = save(campaigns, due=None)
    with database.write() as session:
        row = session.get(Campaign, campaign.id)
        assert row is not None
        row.next_due_at = SOON
    tasks.change("weekly", replace(WEEKLY, priority=9), START)
    save(campaigns)
    with pytest.raises(StateError, match="by its own schedule"):
        tasks.change("weekly", replace(WEEKLY, schedule="0 8 * * 1"), START)
    with pytest.raises(StateError, match="by the task weekly"):
        save(campaigns, due=SOON + 60)
    tasks.change("weekly", replace(WEEKLY, active=False), START)


def test_of_two_at_the_same_moment_one_is_refused(campaigns: Campaigns, tasks: Tasks) -> None:
    save(campaigns, due=None)
    together, refused = threading.Barrier(2), list[str]()

    def attempt(schedule: Callable[[], object]) -> None:
        together.wait(30)
        try:
            schedule()
        except StateError as error:
            refused.append(str(error))

    threads = [
        threading.Thread(target=attempt, args=(each,))
        for each in (lambda: tasks.add(WEEKLY, START), lambda: save(campaigns))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 1
    both = (tasks.find("weekly") is not None, campaigns.get("news").next_due_at is not None)
    assert sorted(both) == [False, True]
