"""Which instant of a run a replay shows; without any screen."""

import pytest

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.series import RunSeries, Slice
from sestui.reports.overview import RunView
from sestui.store.ledger.troubles import TroubleAt
from sestui.tui.campaigns.replay import Replay
from sestui.tui.campaigns.service import RunSnapshot

START = 1_000.0
ENDED = RunCounts(accepted=95, rejected=3, in_doubt=2)
TIMELINE = [
    TroubleAt(START + 1.0, "rejected", "MessageRejected", "No."),
    TroubleAt(START + 3.5, "rejected", "MessageRejected", "No."),
    TroubleAt(START + 5.5, "rejected", "Other", "No."),
    TroubleAt(START + 6.0, "in_doubt", "Timeout", "No answer."),
    TroubleAt(START + 9.0, "in_doubt", "Timeout", "No answer."),
]


def made(width=1, timeline=TIMELINE):
    return Replay(RunSeries(START, width, (Slice(accepted=9, rejected=1),) * 10), timeline)


def now():
    run = RunView(
        1, "news", 1, "campaign", "finished", "", "", None, START, START + 10, ENDED, None
    )
    return RunSnapshot(0.0, run, None, None, None, None)


@pytest.mark.parametrize(("width", "speed"), [(1, 1), (30, 10), (600, 100), (10_000, 100)])
def test_a_replay_begins_at_a_speed_at_which_one_sees_its_end(width, speed):
    assert made(width).speed == speed


def test_time_goes_on_at_its_speed_and_ends_at_the_end():
    replay = made()
    replay.tick(2.0)
    assert replay.at == START + 2
    replay.change_speed()
    replay.tick(0.3)
    assert replay.at == START + 5
    replay.toggle()
    replay.tick(1.0)
    assert replay.at == START + 5
    replay.toggle()
    replay.tick(100.0)
    assert replay.is_over
    assert not replay.playing
    replay.toggle()
    assert (replay.at, replay.playing) == (START, True)


def test_seeking_stays_within_the_run():
    replay = made()
    replay.seek(-1)
    assert replay.at == START
    replay.seek(4)
    assert replay.at == START + 2
    replay.seek(100)
    assert replay.at == START + 10


def test_the_list_and_the_counts_agree_at_every_instant():
    replay = made()
    for _ in range(21):
        snapshot = replay.snapshot(now())
        counts = snapshot.run.counts
        assert counts.audience == ENDED.audience
        if not replay.is_over:
            by_state = dict.fromkeys(("rejected", "in_doubt"), 0)
            for each in snapshot.troubles:
                by_state[each.state] += each.count
            assert (counts.rejected, counts.in_doubt) == tuple(by_state.values())
        assert snapshot.replay.at == replay.at
        replay.seek(1)
    assert replay.snapshot(now()).run.counts == ENDED


def test_where_the_list_is_not_whole_the_slices_count():
    replay = made(timeline=TIMELINE[-1:])
    replay.seek(10)
    assert replay.snapshot(now()).run.counts.rejected == 3
