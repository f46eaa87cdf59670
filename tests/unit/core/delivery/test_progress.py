from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.progress import (
    Part,
    average_rate,
    not_well,
    parts_of,
    progress,
    share_of,
)
from sestui.core.delivery.states import DeliveryState, RunState

STATES = {state.value: st.integers(0, 10**6) for state in DeliveryState}


@st.composite
def counts_with_outcomes(draw):
    states = draw(st.fixed_dictionaries(STATES))
    delivered = draw(st.integers(0, states["accepted"]))
    bounced = draw(st.integers(0, states["accepted"] - delivered))
    complained = draw(st.integers(0, delivered))
    return RunCounts(**states, delivered=delivered, bounced=bounced, complained=complained)


@given(counts_with_outcomes())
def test_the_parts_add_up_to_the_audience(counts):
    assert sum(parts_of(counts).values()) == counts.audience
    assert set(parts_of(counts)) == set(Part)


@given(counts_with_outcomes(), st.sampled_from(RunState))
def test_all_is_done_only_where_nobody_is_left(counts, state):
    told = progress(counts, state)
    left = counts.pending + counts.sending
    if state is RunState.CANCELLED:
        left += counts.skipped
    assert told.whole - told.done == left
    assert (told.percent == "100 %") == (left == 0 < counts.audience)


def test_a_cancelled_run_does_not_look_finished():
    counts = RunCounts(accepted=40, skipped=60)
    assert progress(counts, RunState.CANCELLED).percent == "40 %"
    assert progress(counts, RunState.FINISHED).percent == "100 %"


def test_the_average_is_of_what_was_handed_over():
    counts = RunCounts(accepted=90, rejected=6, in_doubt=4, skipped=900)
    assert average_rate(counts, 1_000.0, 1_010.0) == pytest.approx(10.0)
    assert average_rate(counts, 1_000.0, None) is None
    assert average_rate(counts, 1_000.0, 1_000.0) is None


def test_outcomes_are_counted_beside_the_states():
    states_and_outcomes = set(RunCounts().as_dict()) | set(RunCounts().outcomes())
    # Who is unchecked is pending.
    assert states_and_outcomes == {field.name for field in fields(RunCounts)} - {"unchecked"}


def test_a_share_is_of_the_same_whole_at_every_door():
    counts = RunCounts(accepted=80, rejected=15, skipped=5, delivered=76, bounced=4, complained=1)
    assert share_of(counts, "accepted") == "80 %"
    assert share_of(counts, "rejected") == "15 %"
    assert share_of(counts, "bounced") == "5.0 %"  # of the accepted
    assert share_of(counts, "complained") == "1.32 %"  # of the delivered
    assert share_of(RunCounts(), "bounced") == "0 %"


@given(counts_with_outcomes())
def test_what_did_not_go_well_is_each_of_them_once(counts):
    good = counts.accepted - counts.bounced - counts.complained
    assert not_well(counts) == counts.audience - counts.pending - counts.sending - good
