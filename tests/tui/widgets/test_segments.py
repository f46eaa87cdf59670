from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.progress import Part, parts_of
from sestui.tui.widgets.row_strip import KINDS
from sestui.tui.widgets.segments import STYLES, cells_of, legend, segment_bar, segment_pieces

PARTS = st.fixed_dictionaries({part: st.integers(0, 10**6) for part in Part})


@given(PARTS, st.integers(0, 200))
def test_a_bar_fills_its_width_and_forgets_nobody(parts, width):
    cells = cells_of(parts, width)
    there = [part for part, count in parts.items() if count]
    assert sum(cells.values()) == (width if there else 0)
    assert all(cells.values())
    if width >= len(there):
        assert list(cells) == there
    if width > len(there):
        for part in there:
            share = parts[part] * width / sum(parts.values())
            assert cells[part] <= share + len(there) + 1


def test_parts_differ_without_colour():
    characters = [style.character for style in STYLES.values()]
    assert len(set(characters)) == len(Part)
    assert {style.kind for style in STYLES.values()} <= set(KINDS)


def test_a_single_one_left_keeps_the_bar_from_looking_full():
    bar = segment_bar(RunCounts(accepted=999_999, pending=1), 40).plain
    assert bar == "▓" * 39 + "░"
    assert segment_bar(RunCounts(accepted=1, pending=999_999), 40).plain == "▓" + "░" * 39
    assert segment_bar(RunCounts(), 40).plain == " " * 40


def test_a_bar_shows_every_part():
    counts = RunCounts(
        pending=40, accepted=40, rejected=10, in_doubt=5, skipped=5, delivered=20, bounced=10
    )
    drawn = "████▓▓▚▚╳╳?╌░░░░░░░░"
    assert segment_bar(counts, 20).plain == drawn
    assert "".join(text for text, _ in segment_pieces(counts, 20).cells) == drawn


def written(items):
    return "  ".join(each.plain for each in items).replace("\xa0", " ")


def test_the_legend_says_each_count_and_makes_nothing_up():
    counts = RunCounts(
        pending=7_000, sending=796, accepted=12_180, rejected=9, in_doubt=0, skipped=15
    )
    said = written(legend(counts))
    assert said == ("▓ accepted 12,180  ╳ rejected 9  ? in doubt 0  ╌ skipped 15  ░ pending 7,796")
    known = RunCounts(accepted=12_180, delivered=11_960, bounced=31, complained=2)
    assert written(legend(known)).startswith(
        "▓ accepted 12,180 (█ delivered 11,960 ▚ bounced 31 complained 2)  "
    )
    assert parts_of(known)[Part.ACCEPTED] == 189
