"""The time limit of ``run-due`` on a system that has no thread to give for a moment."""

import time

from sestui.cli.punctual import time_limit
from tests.support.threads import refuse_threads


def test_the_time_limit_waits_for_a_thread(monkeypatch):
    refused = refuse_threads(monkeypatch, "sestui-time-limit", 1)
    with time_limit(time.monotonic(), 60) as limit:
        assert limit.left > 0
    assert refused() == 1
