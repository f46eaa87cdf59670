"""The time limit of ``run-due``: when it cuts off, and a system that has no thread to give."""

import time

import pytest

from sestui.cli.tasks.time_limit import GRACE_SECONDS, LAST_WORDS_SECONDS, TimeLimit, time_limit
from tests.support.threads import refuse_threads


def test_the_time_limit_waits_for_a_thread(monkeypatch):
    refused = refuse_threads(monkeypatch, "sestui-time-limit", 1)
    with time_limit(time.monotonic(), 60) as limit:
        assert limit.left > 0
    assert refused() == 1


def test_without_a_reason_to_go_on_it_ends_soon_after_its_time():
    ends_at = time.monotonic() - 600
    assert TimeLimit(ends_at).grace_left < 0
    assert 0 < TimeLimit(time.monotonic()).grace_left <= GRACE_SECONDS


@pytest.mark.parametrize("ago", [0.0, GRACE_SECONDS + 1, LAST_WORDS_SECONDS / 2])
def test_a_task_that_has_just_ended_has_its_last_words(ago):
    """Whenever it is looked: also long after the process's own time."""
    ended_at = time.monotonic() - ago
    limit = TimeLimit(time.monotonic() - 600, prolonged_to=lambda: ended_at)
    assert LAST_WORDS_SECONDS / 4 < limit.grace_left <= LAST_WORDS_SECONDS


def test_what_went_on_beyond_its_time_is_not_waited_for_for_ever_either():
    long_ago = time.monotonic() - LAST_WORDS_SECONDS - 1
    assert TimeLimit(time.monotonic() - 600, prolonged_to=lambda: long_ago).grace_left < 0
