from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sestui.tui.home.layout import (
    COMING,
    DROPPED,
    LATELY,
    NEEDS,
    SENDING,
    STANDING,
    Wants,
    arrange,
)

ALL = (NEEDS, SENDING, STANDING, COMING, LATELY)
EVERYTHING = Wants({NEEDS: 5, SENDING: 12, STANDING: 6, COMING: 6, LATELY: 8})
WANTS = st.dictionaries(st.sampled_from(ALL), st.integers(0, 60)).map(
    lambda lines: Wants(lines | {SENDING: max(1, lines.get(SENDING, 0))})
)


@given(st.integers(1, 260), st.integers(1, 80), WANTS)
def test_panels_fill_their_size_and_never_overlap(width, height, wants):
    places = arrange(width, height, wants)
    assert SENDING in places
    covered = set()
    for region in places.values():
        assert region.x >= 0
        assert region.right <= width
        assert region.height > 0
        cells = {(x, y) for x in (region.x, region.right - 1) for y in range(*region.line_span)}
        assert not cells & covered
        covered |= cells
    assert sum(each.area for each in places.values()) >= width * height or height < 6


@given(st.integers(40, 260))
def test_panels_are_dropped_in_one_order_as_the_height_shrinks(width):
    shown = [set(arrange(width, height, EVERYTHING)) for height in range(60, 0, -1)]
    assert shown[0] == set(ALL)
    for more, fewer in pairwise(shown):
        assert fewer <= more
    gone = [name for there in shown for name in DROPPED if name not in there]
    first_gone = list(dict.fromkeys(gone))
    order = [name for name in DROPPED if name in first_gone]
    # What stands beside what is dropped may outlive it; within a column the order holds.
    assert first_gone == order or width >= 100


def test_all_five_are_there_in_the_smallest_usual_terminal():
    places = arrange(80, 22, Wants({NEEDS: 3, SENDING: 12, STANDING: 5, COMING: 4, LATELY: 4}))
    assert set(places) == set(ALL)
    assert places[COMING].y == places[LATELY].y
    assert places[NEEDS].y == 0


def test_what_has_nothing_to_show_leaves_its_room_to_what_is_sent():
    calm = arrange(80, 22, Wants({SENDING: 12, STANDING: 5}))
    assert set(calm) == {SENDING, STANDING}
    assert calm[SENDING].height == 22 - calm[STANDING].height
    alone = arrange(200, 50, Wants({SENDING: 12}))
    assert alone[SENDING].size == (200, 50)


def test_a_wide_terminal_has_two_columns():
    for height in (24, 50):
        places = arrange(200, height, EVERYTHING)
        assert set(places) == set(ALL)
        assert places[NEEDS].x == places[STANDING].x == places[SENDING].right
