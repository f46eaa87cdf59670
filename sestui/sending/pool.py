"""A few threads for calls that block, none of which can hold the process at its end.

concurrent.futures joins its threads when the interpreter exits: a call that hangs would keep a
`run-due` beyond its time. These are daemons, and what they still have in the air is accounted for
by whoever handed it over.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Pool:
    """Up to ``most`` threads, started as they are needed."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._threads = 0

    def submit(self, work: Callable[[], None]) -> None:
        """Have ``work`` done soon; it must not raise."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(
                    target=self._run, name=f"{self._name}-{self._threads}", daemon=True
                ).start()
        self._work.put(work)

    def close(self) -> None:
        """End the threads once they have nothing left to do; doesn't wait."""
        with self._lock:
            for _ in range(self._threads):
                self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            with self._lock:
                self._idle += 1
