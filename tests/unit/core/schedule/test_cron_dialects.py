"""What other schedulers write: taken where it says the same, asked back where it doesn't."""

from datetime import UTC, datetime

import pytest

from sestui.core.schedule.cron import check_cron, next_occurrences
from sestui.core.schedule.cron_grammar import wants_both, with_both
from sestui.errors import UsageError

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


def days(expression: str, count: int = 3) -> list[str]:
    found = next_occurrences(check_cron(expression), "UTC", NOVEMBER, count)
    return [f"{datetime.fromtimestamp(each.at, UTC):%m-%d %H:%M}" for each in found]


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("0 0 9 * * *", "did you mean '0 9 * * *' (at 09:00, every day) or '0 0 9 * *' (at 00:00"),
        ("0 0 9 * * ?", "did you mean '0 9 * * *' (at 09:00, every day)?"),
        ("0 0 9 ? * MON", "did you mean '0 9 * * MON' (at 09:00, only on Monday)?"),
        ("0 0/5 * * * ?", "did you mean '0/5 * * * *' (every 5 minutes)?"),
        ("0 30 8 * * MON-FRI", "did you mean '30 8 * * MON-FRI' (at 08:30, Monday through Friday)"),
        ("0 9 ? * MON *", "did you mean '0 9 * * MON'"),
        ("cron(0 9 * * ? *)", "did you mean '0 9 * * *'"),
        ("0 0 9 1 * ? 2027", "did you mean '0 9 1 * * 2027'"),
        ("0 0 9 ? * 2", "Quartz counts weekdays from 1 for Sunday"),
    ],
)
def test_six_fields_that_begin_with_seconds_are_asked_back(expression: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_cron(expression)
    assert meant in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("H 9 * * *", "Jenkins's H"),
        ("@every 7m", "must divide an hour or a day"),
        ("@every 90s", "must divide an hour or a day"),
        ("@every 0m", "must divide an hour or a day"),
        ("@every x", "use one of @annually"),
        ("0 9 L-31 * *", "write L-1 to L-30"),
        ("0 9 L-30 2 *", "never fires"),
        ("0 9 * * +", "the weekday can't be ''"),
        ("0 9 15W * +fri", "can't name weekdays as well"),
        ("0 9 1 1 * 20", "'20' is not a year"),
    ],
)
def test_what_no_clock_shows_is_one_sentence(expression: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_cron(expression)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("@every 5m", ["11-01 00:05", "11-01 00:10", "11-01 00:15"]),
        ("@every 2h", ["11-01 02:00", "11-01 04:00", "11-01 06:00"]),
        ("@every 1h", ["11-01 01:00", "11-01 02:00", "11-01 03:00"]),
        ("@every 24h", ["11-02 00:00", "11-03 00:00", "11-04 00:00"]),
        ("0 9 LW * *", ["11-30 09:00", "12-31 09:00", "01-29 09:00"]),
        ("0 9 L-3 * *", ["11-27 09:00", "12-28 09:00", "01-28 09:00"]),
        ("0 9 * * 5L", ["11-27 09:00", "12-25 09:00", "01-29 09:00"]),
        ("0 9 * * friL", ["11-27 09:00", "12-25 09:00", "01-29 09:00"]),
        ("0 9 * * 7L", ["11-29 09:00", "12-27 09:00", "01-31 09:00"]),
        ("0 9 ? * mon#1", ["11-02 09:00", "12-07 09:00", "01-04 09:00"]),
        ("0 9 13 * +fri", ["11-13 09:00", "08-13 09:00", "10-13 09:00"]),
        ("0 9 L * +mon", ["11-30 09:00", "05-31 09:00", "01-31 09:00"]),
        ("0 9 LW * fri", ["11-06 09:00", "11-13 09:00", "11-20 09:00"]),
        ("10-20/3 9 1 * *", ["11-01 09:10", "11-01 09:13", "11-01 09:16"]),
    ],
)
def test_what_cron_does_not_know_and_others_do(expression: str, found: list[str]) -> None:
    assert days(expression) == found


def test_day_and_weekday_is_a_plus_before_the_weekday() -> None:
    assert with_both("0 9 13 * fri", both=True) == "0 9 13 * +fri"
    assert with_both("0 9 13 * +fri 2027", both=True) == "0 9 13 * +fri 2027"
    assert with_both("0 9 13 * +fri", both=False) == "0 9 13 * fri"
    assert with_both("@daily", both=False) == "@daily"
    assert wants_both("0 9 13 * +fri")
    assert not wants_both("0 9 13 * fri")
    with pytest.raises(UsageError, match="both a day and a weekday"):
        with_both("@daily", both=True)


@pytest.mark.parametrize(
    ("given", "once"),
    [
        ("2027-01-16 09:05", "5 9 16 1 * 2027"),
        ("2027-01-16T09:05:00", "5 9 16 1 * 2027"),
        ("2027-1-6", "0 0 6 1 * 2027"),
    ],
)
def test_a_single_time_is_given_back_as_a_schedule_that_fires_once(given: str, once: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_cron(given)
    assert f"'{once}'" in str(caught.value)
    assert days(once) == [f"01-{6 if given.endswith('-6') else 16:02} {once_at(once)}"]


def once_at(expression: str) -> str:
    minute, hour = expression.split()[:2]
    return f"{int(hour):02}:{int(minute):02}"
