from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState

COUNTS = st.builds(RunCounts, **{field.name: st.integers(0, 10**6) for field in fields(RunCounts)})


@given(COUNTS)
def test_states_add_up_to_the_audience(counts):
    assert counts.audience == sum(counts.as_dict().values())
    assert counts.settled + counts.pending + counts.sending == counts.audience


def test_there_is_a_counter_for_every_state():
    assert set(RunCounts().as_dict()) == {state.value for state in DeliveryState}
