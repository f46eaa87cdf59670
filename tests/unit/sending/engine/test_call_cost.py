"""What a single call costs: measured a hundred at a time, and not by one bad moment."""

import pytest

from sestui.sending.engine.call_cost import CallCost


def measured(costs, *, mails=1):
    """After hundreds of calls of ``mails``, each hundred at one of these costs a mail."""
    cost, cpu = CallCost(), 1.0
    for each in (costs[0], *costs):
        for _ in range(100):
            cost.count(mails)
        cpu += each * 100 * mails
        cost.measure(cpu)
    return cost.seconds


@pytest.mark.parametrize("true", [0.00005, 0.0004, 0.003])
def test_it_comes_to_what_calls_cost(true):
    assert measured([true] * 40) == pytest.approx(true, rel=0.02)


def test_a_busy_moment_hardly_counts():
    assert measured([0.0002] * 40 + [0.05]) < 0.00025


def test_bulk_calls_tell_nothing_of_single_ones():
    assert measured([0.003] * 40, mails=20) == CallCost().seconds
