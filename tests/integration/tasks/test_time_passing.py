"""Days, nights and a year of minutes, with run-due at each as cron starts it, on a clock of ours.

What ran is told by the tasks themselves, which note the occurrence that they were run for; when
that should have been is reckoned by ``tests/support/cron_oracle.py``.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from sestui.core.task.fields import GRACE_SECONDS, TaskFields
from sestui.core.task.states import Misfire
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.db.database import Database
from sestui.store.tasks.due_check import surely_nothing_due
from sestui.store.tasks.tables import Task, TaskRun
from sestui.tasks.run_due import Report, RunDue
from tests.support.clocks import FakeClock
from tests.support.cron_oracle import MINUTE, Cron, often, reckoned, transitions

HOUR = 3_600.0
DAY = 24 * HOUR


class StillClock(FakeClock):
    """Only the test moves it; who waits on it gives others a moment to work."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(min(seconds, 0.02))


@dataclass
class Machine:
    """A machine whose cron starts run-due; it may sleep."""

    runtime: Runtime
    clock: StillClock
    notes: Path

    def add(self, name: str, schedule: str, **more: object) -> None:
        fields = TaskFields(name, "note", schedule, parameters={"file": str(self.notes)})
        self.runtime.tasks.add(replace(fields, **{"timezone": "UTC", **more}))

    def run_due(self, instant: float) -> Report | None:
        """What the run-due of that instant came to; None: it saw at a glance that nothing is."""
        if self.nothing_due(instant):
            return None
        self.clock.advance(instant - self.clock.now())
        return RunDue(self.runtime, seconds=50).run()

    def nothing_due(self, instant: float) -> bool:
        """What run-due's first glance says."""
        file = self.runtime.settings.sqlite_file
        assert file is not None
        return surely_nothing_due(file, instant)

    def ran(self) -> dict[str, list[float]]:
        """For what each task was run, in order, by its own account."""
        found: dict[str, list[float]] = {}
        for line in self.notes.read_text().splitlines() if self.notes.exists() else []:
            name, occurrence, _ = line.split()
            found.setdefault(name, []).append(float(occurrence))
        return found

    def rows(self) -> dict[str, list[TaskRun]]:
        """Every row of each task, by its occurrence."""
        with self.runtime.database.read() as session:
            pairs = session.exec(
                select(Task.name, TaskRun)
                .where(Task.id == TaskRun.task_id)
                .order_by(TaskRun.scheduled_for)
            ).all()
        found: dict[str, list[TaskRun]] = {}
        for name, row in pairs:
            found.setdefault(name, []).append(row)
        return found


@pytest.fixture
def machine(shop: Path, tmp_path: Path, sqlite_database: Database) -> Iterator[Machine]:
    """One whose clock stands at the epoch."""
    settings = load_settings(data_dir=tmp_path, timezone="UTC", simulator_latency=0)
    clock = StillClock(0.0)
    with Runtime(settings, sqlite_database, clock) as runtime:
        assert settings.sqlite_file == Path(runtime.database.name)
        yield Machine(runtime, clock, shop)


FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC).timestamp()
MONDAY = FRIDAY + 3 * DAY


@pytest.mark.parametrize("late", [4.0, GRACE_SECONDS + 60])
@pytest.mark.parametrize(
    ("misfire", "bound", "wanted"),
    [
        (Misfire.SKIP, 10, 1),
        (Misfire.ONCE, 10, 1),
        (Misfire.ALL, 5, 5),
        pytest.param(Misfire.ALL, 100, 72, marks=pytest.mark.long),
    ],
)
def test_a_laptop_that_was_asleep_for_three_days(
    machine: Machine, misfire: Misfire, bound: int, wanted: int, late: float
) -> None:
    if misfire is Misfire.SKIP and late > GRACE_SECONDS:
        wanted = 0
    machine.clock.advance(FRIDAY - HOUR + 1)
    machine.add("hourly", "0 * * * *", misfire=misfire, misfire_bound=bound)
    machine.run_due(FRIDAY + 1)
    assert machine.run_due(FRIDAY + 61) is None

    report = machine.run_due(MONDAY + late)
    assert report is not None
    newest = [MONDAY - HOUR * number for number in reversed(range(wanted))]
    assert machine.ran() == {"hourly": [FRIDAY, *newest]}
    rows = machine.rows()["hourly"]
    done = [row.scheduled_for for row in rows if row.state == "succeeded"]
    assert done == [FRIDAY, *newest]
    missed = 0 if misfire is Misfire.ONCE else 72 - wanted
    told = [(row.scheduled_for, row.detail) for row in rows if row.state == "missed"]
    if missed:
        assert told == [
            (MONDAY - HOUR * wanted, f"Nothing was running: {missed} occurrences missed.")
        ]
        assert report.told == [f"hourly had missed {missed} occurrences"]
    else:
        assert told == report.told == []
    assert len(rows) == 1 + wanted + bool(missed)

    assert machine.run_due(MONDAY + late + MINUTE) is None
    machine.run_due(MONDAY + HOUR)
    assert machine.ran()["hourly"][-1] == MONDAY + HOUR, "and on as if nothing had been"


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")
YEAR = 2026
MOMENTS = {zone: transitions(ZoneInfo(zone), YEAR) for zone in ZONES}


def schedules(zone: str) -> dict[str, Cron]:
    """A time within most gaps and repeats, hours of each night, and every hour of the weekends of
    the months in which the zone's clocks change: each with the name of a task.
    """
    place = zone.partition("/")[2]
    months = {datetime.fromtimestamp(moment, ZoneInfo(zone)).month for moment in MOMENTS[zone]}
    said = ",".join(map(str, sorted(months)))
    return {
        f"{place}-once": often({15}, "2", [2]),
        f"{place}-nightly": often({15}, "0,2", [0, 2]),
        f"{place}-hourly": replace(
            often({15}, "*", range(24)),
            months=(said, frozenset(months)),
            weekdays=("0,6", frozenset({0, 6})),
        ),
    }


def passes(
    machine: Machine, begin: float, end: float, zone: str, leaps: Sequence[float] = ()
) -> int:
    """Live through each minute of [begin, end); how many occurrences there were.

    Each is a row and a run of its own, none is missing, and there is nothing else. ``leaps`` are
    lengths of time that are passed over where nothing is due at the last minute of them: what is
    due stays so until a run-due has been there, and so nothing was due before.
    """
    machine.clock.advance(begin - MINUTE - machine.clock.now())
    wanted: dict[str, list[float]] = {}
    for name, cron in schedules(zone).items():
        machine.add(name, cron.text, timezone=zone)
        wanted[name] = list(reckoned(cron, zone, begin, end))
    minute = begin
    while minute < end:
        idle = (leap for leap in leaps if machine.nothing_due(minute + leap - MINUTE))
        leap = next(idle, None)
        if leap is None:
            machine.run_due(minute)
        minute += leap or MINUTE
    assert machine.ran() == {name: instants for name, instants in wanted.items() if instants}
    for name, rows in machine.rows().items():
        assert [row.scheduled_for for row in rows] == wanted[name]
        assert {(row.state, row.attempt) for row in rows} == {("succeeded", 1)}
    return sum(map(len, wanted.values()))


@pytest.mark.parametrize(
    "zone",
    # The first two change as most do; half an hour and midnight are harder.
    [*(pytest.param(zone, marks=pytest.mark.long) for zone in ZONES[:2]), *ZONES[2:]],
)
def test_the_minutes_round_each_transition(machine: Machine, zone: str) -> None:
    for moment in MOMENTS[zone]:
        assert passes(machine, moment - 1.25 * HOUR, moment + 1.25 * HOUR, zone) > 0
        for name in schedules(zone):
            machine.runtime.tasks.remove(name)
        machine.notes.unlink()


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("zone", ZONES)
def test_a_whole_year_of_minutes(machine: Machine, zone: str) -> None:
    begin = datetime(YEAR, 1, 1, tzinfo=UTC).timestamp()
    end = datetime(YEAR + 1, 1, 1, tzinfo=UTC).timestamp()
    count = passes(machine, begin, end, zone, leaps=(6 * HOUR, HOUR, HOUR / 4))
    print(f"\n{zone}: {count:,} occurrences in a year")  # noqa: T201
    assert count > 3 * 365
