from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.forecast import Allowance, forecast
from sestui.core.delivery.pacing import PACE, Quota
from sestui.core.delivery.send_window import parse_window

ZONE = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 23, 12, tzinfo=ZONE).timestamp()
HOUR, DAY = 3_600, 86_400


def told(recipients, rate=10 / PACE, **allowance):
    return forecast(recipients, Allowance(rate, **{"quota": None} | allowance), NOON, ZONE)


def test_without_a_quota_it_is_recipients_over_rate():
    found = told(36_000)
    assert found.ends_at == pytest.approx(NOON + HOUR)
    assert (found.today, found.later, found.crosses_quota) == (36_000, 0, False)


def test_what_does_not_fit_before_midnight_stays_for_tomorrow():
    found = told(36_000 * 13)
    assert found.today == pytest.approx(36_000 * 12, abs=2)
    assert found.later == pytest.approx(36_000, abs=2)


def test_the_quota_makes_it_wait_until_its_first_mail_is_a_day_old():
    quota = Quota(maximum=50_000, limit=40_000, used=30_000)
    found = told(30_000, quota=quota, quota_frees_at=NOON + 6 * HOUR)
    assert found.crosses_quota
    assert found.today == 30_000
    assert found.ends_at == pytest.approx(NOON + 6 * HOUR + 2_000)


def test_a_list_larger_than_several_days_of_quota():
    quota = Quota(maximum=12_500, limit=10_000, used=0)
    found = told(35_000, quota=quota, quota_frees_at=NOON + DAY)
    assert (found.today, found.later) == (10_000, 25_000)
    assert found.ends_at == pytest.approx(NOON + 3 * DAY + 500)


def test_a_send_window_stretches_it_over_days():
    window = parse_window("09:00-13:00")
    found = told(36_000 * 3, window=window, window_zone=ZONE)
    assert found.today == pytest.approx(36_000, abs=2)
    assert found.ends_at == pytest.approx(NOON + 21 * HOUR + 2 * HOUR, abs=2)


@pytest.mark.parametrize(
    ("dues", "hours", "today"),
    [
        ([(0, 100), (6, 36_000)], 7, 36_100),
        ([(0, 36_000), (0.5, 36_000)], 2, 72_000),
        ([(13, 36_000)], 14, 0),
        ([(0, 100)], 1 + 100 / 36_000, 36_100),  # and others that go at once
    ],
)
def test_nobody_gets_it_before_their_local_time(dues, hours, today):
    recipients = max(sum(count for _, count in dues), 36_100 if hours < 2 else 0)
    found = forecast(
        recipients,
        Allowance(10 / PACE, None),
        NOON,
        ZONE,
        [(NOON + hour * HOUR, count) for hour, count in dues],
    )
    assert found.ends_at == pytest.approx(NOON + hours * HOUR, abs=1)
    assert found.today == pytest.approx(today, abs=2)


@pytest.mark.parametrize("quota", [None, Quota(0, 0, 0)])
def test_where_nothing_may_leave_there_is_no_end(quota):
    found = told(10, rate=0 if quota is None else 5, quota=quota)
    assert found.ends_at is None


@given(
    recipients=st.integers(0, 10**6),
    rate=st.floats(0.5, 1_000),
    limit=st.integers(1_000, 10**6),
    used=st.integers(0, 10**6),
)
def test_more_recipients_never_end_sooner(recipients, rate, limit, used):
    allowance = Allowance(rate, Quota(limit, limit, used))
    fewer = forecast(recipients, allowance, NOON, ZONE)
    more = forecast(recipients + 100, allowance, NOON, ZONE)
    assert fewer.ends_at <= more.ends_at
    assert 0 <= fewer.today <= fewer.recipients
