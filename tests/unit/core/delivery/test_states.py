import pytest

from sestui.core.delivery.states import (
    DELIVERY_STEPS,
    ENDED_RUN_STATES,
    OPEN_STATES,
    DeliveryState,
    RunState,
)

S = DeliveryState


def test_every_state_says_what_may_follow():
    assert set(DELIVERY_STEPS) == set(DeliveryState)


@pytest.mark.parametrize("state", [S.ACCEPTED, S.REJECTED, S.SKIPPED])
def test_what_is_final_stays(state):
    assert DELIVERY_STEPS[state] == frozenset()


def test_only_a_claim_leads_into_the_air():
    assert [state for state, after in DELIVERY_STEPS.items() if S.SENDING in after] == [S.PENDING]


def test_nothing_is_accepted_that_was_not_in_flight_or_in_doubt():
    into = {state for state, after in DELIVERY_STEPS.items() if S.ACCEPTED in after}
    assert into == {S.SENDING, S.IN_DOUBT}


def test_a_doubt_is_not_an_open_state_that_a_sender_would_pick_up():
    assert S.IN_DOUBT not in OPEN_STATES
    assert S.SENDING not in DELIVERY_STEPS[S.IN_DOUBT]


def test_every_state_can_be_reached_from_pending_and_every_open_one_can_end():
    reached, frontier = {S.PENDING}, [S.PENDING]
    while frontier:
        for state in DELIVERY_STEPS[frontier.pop()] - reached:
            reached.add(state)
            frontier.append(state)
    assert reached == set(DeliveryState)


def test_labels_are_words():
    assert [state.label for state in (S.IN_DOUBT, S.PENDING)] == ["in doubt", "pending"]


def test_a_run_that_waits_or_is_paused_has_not_ended():
    assert {RunState.FINISHED, RunState.CANCELLED} == ENDED_RUN_STATES
