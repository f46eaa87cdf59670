"""Which occurrences of a task are run, and which are let go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sestui.core.schedule.cron import occurrence_at
from sestui.core.schedule.typed_time import Here
from sestui.core.task.fields import (
    GRACE_SECONDS,
    MOST_COUNTED,
    TaskFields,
    checked_fields,
    may_retry,
    occurrences,
)
from sestui.core.task.states import Misfire
from sestui.core.task.values import instant_of, once
from sestui.errors import UsageError

HOURLY = TaskFields("hourly", "purge", "0 * * * *", timezone="UTC")
FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 18, 0, 4, tzinfo=UTC)
"""A laptop was asleep for three days, and wakes four seconds after the hour."""


def due(task: TaskFields, since: datetime = FRIDAY, now: datetime = MONDAY):
    waited_for = occurrence_at(task.schedule, task.timezone, since.timestamp())
    return occurrences(task, waited_for, now.timestamp())


def instants(found):
    return tuple(each.at for each in found)


def at(*hours: float) -> tuple[float, ...]:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    return tuple((monday + timedelta(hours=hour)).timestamp() for hour in hours)


def test_skip_runs_what_is_on_time_and_lets_the_rest_go():
    found = due(replace(HOURLY, misfire=Misfire.SKIP))
    assert instants(found.run) == at(18)
    assert (found.missed, found.newest_missed.at) == (72, at(17)[0])


def test_skip_runs_nothing_when_the_newest_is_late_too():
    late = MONDAY + timedelta(seconds=GRACE_SECONDS)
    found = due(replace(HOURLY, misfire=Misfire.SKIP), now=late)
    assert (found.run, found.missed, found.newest_missed.at) == ((), 73, at(18)[0])


def test_once_makes_up_for_all_with_one_run():
    found = due(HOURLY, now=MONDAY + timedelta(minutes=50))
    assert (instants(found.run), found.missed) == (at(18), 0)


def test_all_makes_up_for_each_within_its_bound():
    task = replace(HOURLY, misfire=Misfire.ALL, misfire_bound=3)
    found = due(task)
    assert (instants(found.run), found.missed) == (at(16, 17, 18), 70)
    assert due(replace(task, misfire_bound=1000)).missed == 0


def test_a_year_of_minutes_is_not_counted_out():
    minutely = replace(HOURLY, schedule="* * * * *", misfire=Misfire.SKIP)
    found = due(minutely, since=FRIDAY - timedelta(days=365))
    assert found.missed == MOST_COUNTED - 1
    assert len(found.run) == 1


def test_nothing_runs_outside_of_its_dates():
    begin, end = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 22, 3, tzinfo=UTC)
    task = replace(HOURLY, starts_at=begin.timestamp(), ends_at=end.timestamp())
    assert task.next_after(FRIDAY.timestamp()).at == begin.timestamp()
    assert task.next_after(end.timestamp() - 1).at == end.timestamp()
    assert task.next_after(end.timestamp()) is None
    found = due(replace(task, misfire=Misfire.ALL), since=begin)
    assert [datetime.fromtimestamp(each.at, UTC).hour for each in found.run] == [0, 1, 2, 3]


def test_what_was_killed_is_tried_again_unless_it_may_be_skipped_or_kills():
    assert [may_retry(Misfire.ONCE, attempt) for attempt in (1, 2, 3)] == [True, True, False]
    assert not may_retry(Misfire.SKIP, 1)


def test_once_is_a_schedule_with_a_year():
    assert once("2026-12-01T09:05") == "5 9 1 12 * 2026"
    task = replace(HOURLY, schedule=once("2026-12-01T09:05"), timezone="Asia/Tokyo")
    nine = instant_of("", "2026-12-01T09:05", Here("Asia/Tokyo"))
    assert task.next_after(MONDAY.timestamp()).at == nine
    for bad in ("tomorrow", "2026-12-01T09:05:30", "2026-12-01T09:05+01:00"):
        with pytest.raises(UsageError, match="2026-12-01T09:00"):
            once(bad)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "a b"}, "name: 'a b' can't be a task's name"),
        ({"schedule": "0 0 31 2 *"}, "schedule: The schedule '0 0 31 2 *' never fires"),
        ({"timezone": "Mars/Base"}, "timezone: 'Mars/Base' is not an IANA time zone"),
        ({"priority": 10}, "priority: must be a whole number from 0 to 9"),
        ({"misfire_bound": 0}, "misfire_bound: must be a number from 1 to 1,000"),
        ({"timeout": 0.0}, "timeout: must be a number from 1 to 604,800"),
        ({"description": "a\x1bb"}, "description: holds control characters"),
        ({"starts_at": 2.0, "ends_at": 1.0}, "end: it is before the start."),
    ],
)
def test_impossible_values_are_named(changes, said):
    with pytest.raises(UsageError) as caught:
        checked_fields(replace(HOURLY, **changes))
    assert str(caught.value).startswith(said)
