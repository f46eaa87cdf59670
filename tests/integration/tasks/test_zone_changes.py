"""A zone whose rules change under a running database: no occurrence twice, none left out."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete, select

from sestui.core.schedule.cron import Occurrence
from sestui.core.task.fields import TaskFields
from sestui.store.campaigns.campaigns import coming, fields_of
from sestui.store.db.database import Database
from sestui.store.db.schema import ensure_schema
from sestui.store.db.tables import Campaign, Run
from sestui.store.tasks.due_check import anything_due
from sestui.store.tasks.tables import Task, TaskRun
from sestui.store.tasks.tasks import Tasks
from tests.support.clocks import ShiftedClock
from tests.support.seeding import add_contacts, addresses, make_campaign
from tests.support.workspaces import World, sent
from tests.support.zone_files import CITY, ZoneFiles, zone_files

DAY, HOUR, STEP = 86_400.0, 3_600.0, 600.0
MONDAY = datetime(2027, 3, 1, tzinfo=UTC).timestamp()
HERE = "AAA-1"
"""An hour ahead of UTC: nine o'clock comes at 08:00 UTC."""
DAILY = TaskFields("daily", "purge", "0 9 * * *", timezone=CITY)


@pytest.fixture
def zones(tmp_path: Path) -> Iterator[ZoneFiles]:
    with zone_files(tmp_path / "zones") as files:
        files.write(HERE)
        yield files


def walked(
    database: Database, zones: ZoneFiles, fields: TaskFields, changes: dict[float, str], days: int
) -> list[tuple[str, float]]:
    """Let time pass, and zones change at their hours; the occurrences with when each was queued."""
    tasks = Tasks(database)
    zones.write(HERE)
    with database.write() as session:
        session.exec(delete(TaskRun))
        session.exec(delete(Task))
    tasks.add(fields, MONDAY)
    pending, queued, now = sorted(changes.items()), [], MONDAY
    while now < MONDAY + days * DAY:
        while pending and MONDAY + pending[0][0] * HOUR <= now:
            zones.write(pending.pop(0)[1])
        due = tasks.due(now)
        assert anything_due(database, now) == bool(due), "who only glances sees the same"
        for task_id in due:
            found = tasks.queue(task_id, now)
            queued += [(each.name, now) for each in found.occurrences.run] if found else []
            with database.write() as session:  # its run has ended at once
                for row in session.exec(select(TaskRun)):
                    row.state = "succeeded"
        now += STEP
    return queued


def names(*days: int, hour: str = "09:00") -> list[str]:
    return [f"2027-03-{day:02}T{hour}" for day in days]


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({}, [8, 32, 56]),
        ({8.5: "AAA0"}, [8, 33, 57]),  # set back when it has run: nine comes once more
        ({8.5: "AAA-2"}, [8, 31, 55]),  # set forward
        ({2: "AAA0"}, [9, 33, 57]),  # before it has run: it waits for the new nine
        ({2: "AAA-2"}, [7, 31, 55]),  # and is not late for it
        ({7.5: "AAA-2"}, [7.5, 31, 55]),  # nine has gone by with the change
        ({8.5: "AAA0", 9.5: "AAA-1"}, [8, 32, 56]),  # there and back again
        ({8.5: "AAA5"}, [8, 38, 62]),
    ],
)
def test_each_day_once_at_its_hour_whatever_becomes_of_the_zone(database, zones, changes, hours):
    queued = walked(database, zones, DAILY, changes, 3)
    assert [name for name, _ in queued] == names(1, 2, 3)
    assert [(at - MONDAY) / HOUR for _, at in queued] == hours


def test_two_hours_of_a_day_that_a_change_lets_fall_together(database, zones):
    """Eight has run when its hour becomes nine's: that one is due at once, at the same instant."""
    twice = TaskFields("daily", "purge", "0 8,9 * * *", timezone=CITY)
    queued = walked(database, zones, twice, {7: "AAA-1", 7.1: "AAA-2"}, 1)
    assert [name for name, _ in queued] == ["2027-03-01T08:00", "2027-03-01T09:00"]


def test_what_follows_the_clock_goes_on(database, zones):
    """A schedule for every hour doesn't pause when a zone is set back, as it doesn't in autumn."""
    often = TaskFields("often", "purge", "*/30 * * * *", timezone=CITY)
    queued = walked(database, zones, often, {8.2: "AAA0", 12.2: "AAA-1"}, 1)
    assert [at for _, at in queued] == [MONDAY + half * HOUR / 2 for half in range(1, 48)]
    assert max(Counter(name for name, _ in queued).values()) == 1


@pytest.mark.long
@pytest.mark.ci
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.integers(1, 60), st.sampled_from(["AAA-1", "AAA0", "AAA-3", "AAA2:30"])))
def test_no_day_twice_and_none_left_out(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("zones")
    database = _database(folder)
    with zone_files(folder) as files:
        queued = walked(database, files, DAILY, {float(at): to for at, to in changes.items()}, 3)
    database.close()
    told = [name for name, _ in queued]
    assert told[:2] == names(1, 2)
    assert told in (names(1, 2), names(1, 2, 3))


def _database(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'sestui.db'}")
    ensure_schema(database)
    return database


def test_a_later_edit_of_the_zone_repeats_nothing_of_today(database, zones):
    """Somebody moves the task west after it has run: its nine o'clock of today has been."""
    zones.write("BBB5", "Test/West")
    tasks = Tasks(database)
    task = tasks.add(DAILY, MONDAY)
    tasks.queue(task.id, MONDAY + 8 * HOUR)
    west = TaskFields("daily", "purge", "0 9 * * *", timezone="Test/West")
    moved = tasks.change("daily", west, MONDAY + 9 * HOUR)
    assert (moved.next_occurrence, moved.next_run_at) == (names(2)[0], MONDAY + 38 * HOUR)


# campaigns

PEOPLE = addresses(3)


@pytest.fixture
def clock() -> ShiftedClock:
    made = ShiftedClock()
    made.set(MONDAY)
    return made


@pytest.fixture
def runtime(world: World, clock: ShiftedClock):
    return world.runtime(clock)


@pytest.fixture
def news(runtime, zones) -> Campaign:
    add_contacts(runtime.database, PEOPLE)
    made = make_campaign(runtime.database, schedule="0 9 * * *", timezone=CITY)
    runtime.campaigns.set_next(made.id, Occurrence(MONDAY + 8 * HOUR, ""))
    return made


def starts(runtime, clock, *hours: float) -> list[float]:
    """Look at each of these hours; those at which something was started, and sent."""
    found = []
    for hour in hours:
        clock.set(MONDAY + hour * HOUR + 1)
        if runtime.campaign_scheduler.start_campaigns().run_ids:
            found.append(hour)
            sent(runtime)
    return found


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("rules", "tomorrow"), [("AAA0", 33), ("AAA-2", 31), ("AAA5", 38)], ids=["back", "on", "far"]
)
@pytest.mark.parametrize("killed", [False, True])
def test_a_campaign_mails_everybody_once_a_day(
    world, runtime, clock, zones, news, rules, tomorrow, killed
):
    before = runtime.campaigns.get("news")
    assert starts(runtime, clock, 7.9, 8) == [8]
    if killed:  # between the start of the run and the note that it was started
        with runtime.database.write() as session:
            row = session.get_one(Campaign, news.id)
            row.next_due_at, row.next_occurrence = before.next_due_at, names(1)[0]
    zones.write(rules)
    assert starts(runtime, clock, 8.1, 9, 9.5, 14, 20) == []
    assert world.outbox() == dict.fromkeys(PEOPLE, 1)
    assert coming(runtime.campaigns.get("news")) == MONDAY + tomorrow * HOUR
    assert starts(runtime, clock, tomorrow - 0.1, tomorrow, tomorrow + 1) == [tomorrow]
    assert world.outbox() == dict.fromkeys(PEOPLE, 2)


@pytest.mark.parametrize(("rules", "hour"), [("AAA0", 9), ("AAA-2", 7)])
def test_a_campaign_waits_for_its_hour_on_the_clock(runtime, clock, zones, news, rules, hour):
    runtime.campaigns.save(
        fields_of(news),
        runtime.campaigns.message(news.message_id),
        now=MONDAY,
        next_due_at=MONDAY + 8 * HOUR,
    )
    zones.write(rules)
    assert coming(runtime.campaigns.get("news")) == MONDAY + hour * HOUR
    assert starts(runtime, clock, 6.9, hour - 0.1, hour, 8.1, 9.1) == [hour]


@pytest.mark.long
@pytest.mark.ci
def test_two_processes_with_zone_data_of_two_ages_start_it_once(world, runtime, clock, zones, news):
    assert starts(runtime, clock, 8) == [8]
    later = world.runtime(clock)
    for rules in ("AAA0", HERE, "AAA0", "AAA-2", HERE):
        zones.write(rules)
        assert starts(runtime, clock, 9) == []
        assert starts(later, clock, 9.5) == []
    with runtime.database.read() as session:
        assert len(session.exec(select(Run)).all()) == 1
