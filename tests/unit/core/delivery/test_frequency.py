import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.frequency import FrequencyLimit, OverLimit, parse_frequency
from sestui.errors import UsageError

DAY = 86_400.0


@pytest.mark.parametrize(
    ("text", "mails", "seconds", "usual"),
    [
        ("2 per week", 2, 7 * DAY, "2 per week"),
        (" 1  PER 1 days ", 1, DAY, "1 per day"),
        ("1 per 3 days", 1, 3 * DAY, "1 per 3 days"),
        ("10 per month", 10, 30 * DAY, "10 per month"),
        ("5 per 36 hours", 5, 1.5 * DAY, "5 per 36 hours"),
        ("0003 per 366 days", 3, 366 * DAY, "3 per 366 days"),
    ],
)
def test_a_limit_counts_mails_in_a_rolling_period(text, mails, seconds, usual):
    limit = parse_frequency(text)
    assert (limit.mails, 1_000 * DAY - limit.since(1_000 * DAY)) == (mails, seconds)
    assert limit.text == usual


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, "as in 2 per week, 1 per day, 5 per month or 1 per 3 days") for text in (
            "2", "two per week", "2/week", "2 per", "per week", "-1 per day", "1.5 per day",
            "2 per year", "2 per week or so", "99999 per day", "²  per week",
        )),
        ("0 per week", "would let nobody have any mail"),
        ("1 per 0 days", "would let nobody have any mail"),
        ("1 per 367 days", "looks back a year at most"),
    ],
)  # fmt: skip
def test_what_is_no_limit_says_what_one_is(text, told):
    with pytest.raises(UsageError, match=told):
        parse_frequency(text)


@given(
    st.integers(1, 9999), st.integers(1, 12), st.sampled_from(["hour", "day", "week", "month"])
)  # fmt: skip
def test_its_text_reads_back_as_the_same(mails, periods, unit):
    limit = FrequencyLimit(mails, periods, unit)
    assert parse_frequency(limit.text) == limit


def test_who_is_over_it_is_told_as_a_sentence():
    assert OverLimit(0, "2 per week").sentence() == ""
    assert OverLimit(1, "2 per week").sentence().startswith("1 recipient has already been sent")
    assert OverLimit(1204, "2 per week").sentence() == (
        "1,204 recipients have already been sent as much as at_most (2 per week) allows: they are "
        "skipped unless that has changed when their turn comes."
    )
