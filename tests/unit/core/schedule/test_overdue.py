"""When what is due counts as left waiting."""

import pytest

from sestui.core.schedule.overdue import overdue


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (-60, ""),
        (179, ""),
        (180, "overdue 3 min"),
        (7_199, "overdue 119 min"),
        (7_200, "overdue 2 h"),
        (3 * 86_400, "overdue 3 days"),
    ],
)
def test_it_is_said_after_three_minutes(late, said):
    assert overdue(1_000_000.0, 1_000_000.0 + late) == said


@pytest.mark.parametrize(("ran", "said"), [(-179.0, ""), (-180.0, "overdue 5 min"), (5.0, "")])
def test_what_a_run_due_of_just_now_has_left_is_not_overdue(ran, said):
    assert overdue(1_000_000.0, 1_000_300.0, 1_000_300.0 + ran) == said


def test_what_is_never_due_is_not():
    assert overdue(None, 1e9) == ""
