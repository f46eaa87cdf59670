import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.series import (
    COARSE,
    FINE_SECONDS,
    RunSeries,
    Slice,
    quantile,
    seconds_of,
    slice_at,
    step_of,
)

SLICES = st.lists(
    st.builds(Slice, *(st.integers(0, 500) for _ in range(4))), min_size=1, max_size=30
)


@given(st.floats(0.001, 100))
def test_an_answer_time_is_kept_to_a_tenth(seconds):
    assert seconds_of(step_of(seconds)) == pytest.approx(seconds, rel=0.1)


def test_percentiles_are_of_all_answers():
    times = {step_of(0.08): 94, step_of(0.14): 4, step_of(0.41): 2}
    assert quantile(times, 0.5) == pytest.approx(0.08, rel=0.1)
    assert quantile(times, 0.95) == pytest.approx(0.14, rel=0.1)
    assert quantile(times, 0.99) == pytest.approx(0.41, rel=0.1)
    assert quantile({}, 0.5) is None
    assert RunSeries(0, 1).quantiles() is None


def test_a_long_run_is_kept_more_coarsely():
    assert slice_at(1_003.9, 1_000.0) == 1_003
    late = 1_000.0 + FINE_SECONDS
    assert slice_at(late + 9, 1_000.0) % COARSE == 0
    assert slice_at(1_003.9, None) == 1_003


@given(SLICES, st.integers(1, 20), st.integers(0, 100), st.integers(0, 100))
def test_a_replay_grows_from_nothing_to_what_became_of_the_run(slices, width, pending, skipped):
    ended = RunCounts(
        pending=pending,
        accepted=sum(each.accepted for each in slices),
        rejected=sum(each.rejected for each in slices),
        in_doubt=sum(each.in_doubt for each in slices),
        skipped=skipped,
    )
    series = RunSeries(1_000.0, width, tuple(slices))
    before = series.counts_at(series.start, ended)
    assert before == RunCounts(pending=ended.audience - skipped, skipped=skipped)
    for step in range(1, 4 * len(slices) + 1):
        now = series.counts_at(series.start + step * width / 4, ended)
        assert now.audience == ended.audience
        assert now.accepted >= before.accepted
        assert now.rejected >= before.rejected
        before = now
    assert before == ended


def test_what_was_resolved_since_does_not_make_more_of_a_replay():
    series = RunSeries(1_000.0, 1, (Slice(in_doubt=5), Slice(accepted=1)))
    ended = RunCounts(accepted=6)
    assert series.counts_at(1_001.0, ended) == RunCounts(pending=6)
    assert series.counts_at(1_002.0, ended) == ended
