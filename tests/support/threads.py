"""A system that has no threads to give."""

import threading
from collections.abc import Callable

import pytest


def refuse_threads(monkeypatch: pytest.MonkeyPatch, name: str, times: float) -> Callable[[], int]:
    """Have threads whose names begin with ``name`` not start, so often; how often that was so."""
    start = threading.Thread.start
    refused = 0

    def starting(thread: threading.Thread) -> None:
        nonlocal refused
        if thread.name.startswith(name) and refused < times:
            refused += 1
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starting)
    return lambda: refused
