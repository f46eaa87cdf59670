from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sestui.core.schedule.cron import check_cron, next_occurrence, next_occurrences, past
from sestui.errors import UsageError

PARIS = ZoneInfo("Europe/Paris")


def next_fire(expression, zone, after):
    found = next_occurrence(expression, zone, after)
    return None if found is None else found.at


def latest(*given):
    return [each.at for each in past(*given)]


def fires(expression, start, count, zone="Europe/Paris"):
    after = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp()
    found = []
    for _ in range(count):
        after = next_fire(expression, zone, after)
        found.append(datetime.fromtimestamp(after, ZoneInfo(zone)).isoformat()[:-9])
    return found


def test_a_time_in_a_zone_keeps_its_hour_over_the_year():
    assert fires("0 9 1 * *", "2026-10-02T00:00", 2) == ["2026-11-01T09:00", "2026-12-01T09:00"]
    assert fires("0 9 * * *", "2026-03-28T09:00", 1) == ["2026-03-29T09:00"]


def test_a_fixed_hour_fires_once_when_clocks_change():
    assert fires("30 2 * * *", "2026-10-24T12:00", 2) == ["2026-10-25T02:30", "2026-10-26T02:30"]
    assert fires("30 2 * * *", "2026-03-28T12:00", 2) == ["2026-03-29T03:00", "2026-03-30T02:30"]


def test_every_hour_goes_on_through_both_passes():
    assert len(set(fires("0 * * * *", "2026-10-25T01:30", 3))) == 2
    assert fires("0 * * * *", "2026-10-25T01:30", 3)[-1] == "2026-10-25T03:00"


def test_the_machines_zone_is_the_one_of_tz(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    instant = next_fire("0 9 * * *", "", 0.0)
    assert datetime.fromtimestamp(instant, ZoneInfo("Asia/Tokyo")).hour == 9


@pytest.mark.parametrize(
    "good",
    ["0 9 1 * *", "*/5 * * * mon-fri", "@daily", " 0  9 * * 1#2 ", "0 9 L * *", "0 9 * * L5"],
)
def test_schedules(good):
    assert check_cron(good) == " ".join(good.split())


@pytest.mark.parametrize(
    "bad",
    [
        *("", "x", "60 * * * *", "* * * * * * *", "@reboot", "R * * * *", "H 9 * * *"),
        *("0 0 31 2 *", "*/0 * * * *", "1-5/ * * * *", "0 9 * * 8", "a b c d e", "H(1-5) 1 * * *"),
        *("0 9 1 * 5#2", "0 9 15W * 1", "0 9 * * 1,5#2", "0 9 10-2/3 * *", "0,H 9 * * *"),
        *("0 9 1 1 * 1", "0 9 1 1 * 2100", "0 9 1 1 * 2030-2027", "0 9 31 6 * 2027"),
    ],
)
def test_what_is_no_schedule_is_one_sentence(bad):
    with pytest.raises(UsageError) as caught:
        check_cron(bad)
    assert str(caught.value).endswith(".")


def test_an_unknown_zone_is_named():
    with pytest.raises(UsageError, match="Mars/Base"):
        next_fire("@daily", "Mars/Base", 0)


def test_what_is_wrong_is_named():
    with pytest.raises(UsageError, match="the hour can't be '61'"):
        check_cron("0 61 * * *")
    with pytest.raises(UsageError, match="never fires: there is no such day"):
        check_cron("0 0 31 2 *")


def test_a_sixth_field_is_the_year():
    assert fires("0 9 1 1 * 2090", "2026-10-02T00:00", 1) == ["2090-01-01T09:00"]
    after = datetime(2026, 10, 2, tzinfo=PARIS).timestamp()
    assert next_fire("0 9 1 1 * 2026", "Europe/Paris", after) is None
    assert len(next_occurrences("0 9 1 1 * 2027,2029-2030", "Europe/Paris", after, 9)) == 3


def test_a_range_from_a_value_to_itself_is_that_value():
    """croniter takes 9-9 for every hour: a campaign would go out 24 times a day."""
    assert fires("0 9-9 * * *", "2026-10-02T00:00", 2) == ["2026-10-02T09:00", "2026-10-03T09:00"]


@pytest.mark.parametrize(
    "schedule",
    [
        *("{} 9 1 1 *", "0 {} 1 1 *", "0 9 {} 1 *", "0 9 1 {} *", "0 9 * 1 {}"),
        *(f"0 9 {{}},{special} 1 *" for special in ("L", "LW", "L-3", "12", "20-22", "*/7")),
        *("0 9 L-3,{} 1 *", "0 9 {},L-3 1 wed", "0 9 {},L-3 1 +wed"),
    ],
)
@pytest.mark.parametrize("itself", ["5-5", "5-5/1", "5-5/5"])
def test_so_it_is_in_every_field_and_beside_everything(schedule, itself):
    begin = datetime(2026, 10, 2, tzinfo=PARIS).timestamp()
    alone = next_occurrences(schedule.format(5), "Europe/Paris", begin, 20)
    assert len(alone) == 20
    assert next_occurrences(schedule.format(itself), "Europe/Paris", begin, 20) == alone
    assert fires("0 9 * * fri-fri", "2026-10-02T10:00", 1) == ["2026-10-09T09:00"]
    assert len(set(fires("0 0 * * 0-7", "2026-10-02T10:00", 7))) == 7


def test_a_whole_hour_field_is_every_hour_however_it_is_spelled():
    for hours in ("*", "*/1", "0-23", "0-11,12-23"):
        assert len(set(fires(f"0 {hours} * * *", "2026-10-25T01:30", 3))) == 2


def test_several_times_in_a_gap_fire_once_at_its_end():
    assert fires("*/20 2 * * *", "2026-03-28T12:00", 2) == ["2026-03-29T03:00", "2026-03-30T02:00"]
    assert fires("45 1,2 * * *", "2026-03-29T00:00", 2) == ["2026-03-29T01:45", "2026-03-29T03:00"]


def test_the_last_fires_are_found_from_behind():
    now = datetime(2026, 10, 25, 12, tzinfo=PARIS).timestamp()
    minutes = latest("* * * * *", "Europe/Paris", now - 365 * 86_400, now, 3)
    assert minutes == [now - 120, now - 60, now]
    assert latest("0 9 1 * *", "Europe/Paris", now - 86_400, now, 3) == []
    assert len(latest("0 9 * * *", "Europe/Paris", now - 3 * 86_400, now, 9)) == 3
