from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sestui.core.cron import check_cron, next_fire
from sestui.errors import UsageError

PARIS = ZoneInfo("Europe/Paris")


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


@pytest.mark.parametrize("good", ["0 9 1 * *", "*/5 * * * mon-fri", "@daily", " 0  9 * * 1#2 "])
def test_schedules(good):
    assert check_cron(good) == " ".join(good.split())


@pytest.mark.parametrize(
    "bad",
    [
        *("", "x", "60 * * * *", "* * * * * *", "@reboot", "R * * * *", "H 9 * * *"),
        *("0 0 31 2 *", "*/0 * * * *", "1-5/ * * * *", "0 9 * * 8", "a b c d e", "H(1-5) 1 * * *"),
    ],
)
def test_what_is_no_schedule_is_one_sentence(bad):
    with pytest.raises(UsageError) as caught:
        check_cron(bad)
    assert str(caught.value).endswith(".")


def test_an_unknown_zone_is_named():
    with pytest.raises(UsageError, match="Mars/Base"):
        next_fire("@daily", "Mars/Base", 0)
