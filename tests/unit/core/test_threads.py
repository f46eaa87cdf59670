"""Starting threads on a system that has none for a while, or for good."""

import threading

import pytest

from sestui.core import threads
from sestui.errors import SestuiError
from tests.support.clocks import FakeClock
from tests.support.threads import refuse_threads


def test_a_thread_that_cannot_be_started_yet_is_started_later(monkeypatch):
    refused = refuse_threads(monkeypatch, "late", 20)
    began = threading.Event()
    thread = threading.Thread(target=began.set, name="late")
    threads.start(thread, FakeClock())
    thread.join()
    assert began.is_set()
    assert refused() == 20


def test_one_that_can_never_be_started_is_an_error_with_the_way_out(monkeypatch):
    refuse_threads(monkeypatch, "late", float("inf"))
    clock = FakeClock()
    began = clock.monotonic()
    with pytest.raises(SestuiError, match=r"can't start more threads.*nothing is lost: free some"):
        threads.start(threading.Thread(name="late"), clock)
    assert clock.monotonic() - began >= threads.PATIENCE_SECONDS


def test_ringing_wakes_who_waits_and_is_heard_however_often_it_was_done():
    event = threading.Event()
    heard = threading.Event()
    thread = threading.Thread(target=lambda: (event.wait(), heard.set()))
    thread.start()
    threads.ring(event)
    thread.join()
    assert heard.is_set()
    threads.ring(event)
    assert event.is_set()
    event.clear()
    threads.ring(event)
    assert event.is_set()


def test_starting_one_twice_is_a_mistake_and_not_waited_for():
    thread = threading.Thread(target=int, name="once")
    threads.start(thread, FakeClock())
    with pytest.raises(RuntimeError, match="only be started once"):
        threads.start(thread, FakeClock())
    thread.join()
