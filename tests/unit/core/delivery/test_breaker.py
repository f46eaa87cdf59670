"""The breaker's lines: true alarms soon, false ones never; by figures and by simulation."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.breaker import (
    LEAST_MAILS,
    BreakerRule,
    Level,
    Sample,
    contributes,
    counts_as_bounce,
    crossing,
    lower_bound,
)

RULE = BreakerRule()


@pytest.mark.parametrize(
    ("outcome", "code", "counts"),
    [
        ("bounced", "Permanent/NoEmail", True),
        ("bounced", "Permanent/General", True),
        ("bounced", "Permanent/Suppressed", True),
        ("bounced", "Permanent", True),
        ("bounced", "Permanent/OnAccountSuppressionList", False),
        ("bounced", "Permanent/OnTenantSuppressionList", False),
        ("bounced", "Transient/MailboxFull", False),
        ("bounced", "Undetermined/Undetermined", False),
        ("bounced", "", False),
        ("complained", "Permanent/NoEmail", False),
        ("delivered", "", False),
    ],
)
def test_bounces_are_counted_as_ses_counts_them(outcome: str, code: str, counts: bool) -> None:
    assert counts_as_bounce(outcome, code) is counts


@given(st.integers(1, 10**7), st.integers(0, 10**7), st.floats(0.1, 5))
def test_the_lower_bound_is_a_share_below_the_rate_and_nears_it(
    mails: int, count: int, z: float
) -> None:
    count = min(count, mails)
    low = lower_bound(count, mails, z)
    assert 0 <= low <= count / mails + 1e-9
    assert lower_bound(count * 100, mails * 100, z) >= low - 1e-9


def test_there_is_no_rate_of_no_mails() -> None:
    with pytest.raises(ValueError, match="no mails"):
        lower_bound(0, 0, 3)


@given(st.integers(0, LEAST_MAILS - 1), st.integers(0, LEAST_MAILS - 1))
def test_small_samples_trip_nothing(mails: int, bad: int) -> None:
    bad = min(bad, mails)
    assert crossing(Sample(mails, bad, mails, bad), RULE) is None


def bounces(mails: int, count: int) -> Sample:
    return Sample(mails, count, mails, 0)


def complaints(mails: int, count: int) -> Sample:
    return Sample(mails, 0, mails, count)


@pytest.mark.parametrize(
    ("sample", "level"),
    [
        (bounces(10_000, 300), None),
        (bounces(10_000, 400), None),  # on the line: chance may have done it
        (bounces(10_000, 480), Level.WARNING),
        (bounces(10_000, 800), Level.WARNING),
        (bounces(10_000, 950), Level.PAUSE),
        (bounces(100, 9), None),
        (bounces(100, 12), Level.WARNING),
        (bounces(100, 30), Level.PAUSE),
        (complaints(100_000, 70), None),
        (complaints(100_000, 95), Level.WARNING),
        (complaints(100_000, 500), Level.PAUSE),
        (complaints(1_000, 4), None),
        (complaints(1_000, 20), Level.PAUSE),
    ],
)
def test_the_line_a_sample_crosses(sample: Sample, level: Level | None) -> None:
    found = crossing(sample, RULE)
    assert (found and found.level) == level


def test_the_worst_line_is_the_one_that_is_reported() -> None:
    found = crossing(Sample(1_000, 45, 10_000, 100), RULE)
    assert found is not None
    assert (found.level, found.what) == (Level.PAUSE, "complained")
    assert found.sentence("of this run") == (
        "1.0 % of the last 10,000 mails of this run have been reported as spam (100; the line is "
        "0.40 %, and SES pauses accounts at 0.5 %)."
    )


@pytest.mark.parametrize("sample", [bounces(10_000, 9_000), complaints(10_000, 900)])
def test_a_line_of_0_is_none(sample: Sample) -> None:
    off = BreakerRule(0, 0, 0, 0)
    assert off.is_off
    assert crossing(sample, off) is None


def test_clean_mail_contributes_nothing() -> None:
    assert contributes(bounces(1_000, 50), RULE, "bounced")
    assert not contributes(bounces(1_000, 20), RULE, "bounced")
    assert not contributes(bounces(10, 10), RULE, "bounced")
    assert contributes(complaints(1_000, 3), RULE, "complained")
    assert not contributes(complaints(1_000, 1), RULE, "complained")


def tripped_after(rng: random.Random, share: float, mails: int, what: str) -> int | None:
    """After how many mails a run is paused of which this share is bad; looks are frequent."""
    bad: list[bool] = []
    for _ in range(mails // 50):
        bad += [rng.random() < share for _ in range(50)]
        newest = bad[-RULE.volume :]
        if what == "bounced":
            sample = Sample(len(newest), sum(newest), len(bad), 0)
        else:
            sample = Sample(len(newest), 0, len(bad), sum(bad))
        found = crossing(sample, RULE)
        if found is not None and found.level is Level.PAUSE:
            return len(bad)
    return None


@pytest.mark.parametrize(
    ("what", "share"),
    [("bounced", 0.01), ("bounced", 0.03), ("bounced", 0.05), ("complained", 0.001)],
)
def test_no_false_alarm_in_many_runs_at_rates_below_the_lines(what: str, share: float) -> None:
    rng = random.Random(f"{what} {share}")
    assert [tripped_after(rng, share, 5_000, what) for _ in range(60)] == [None] * 60


@pytest.mark.parametrize(
    ("what", "share", "within"),
    [
        ("bounced", 0.30, 400),
        ("bounced", 0.15, 1_500),
        ("complained", 0.02, 2_500),
        ("complained", 0.01, 5_000),
    ],
)
def test_a_bad_list_is_stopped_soon(what: str, share: float, within: int) -> None:
    rng = random.Random(f"{what} {share}")
    found = [tripped_after(rng, share, within, what) for _ in range(20)]
    assert None not in found
