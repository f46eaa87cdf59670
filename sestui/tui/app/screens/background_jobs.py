"""Long jobs that run beside the screens, and how they end when the app is closed."""

import threading
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sestui.errors import SestuiError, StoppedError

T = TypeVar("T")

_PATIENCE_SECONDS = 30.0
"""For taking back what was done."""


class BackgroundJob(Generic[T]):
    """A long job: :meth:`run` blocks until it is done, so call it in a thread.

    A subclass gives :meth:`work`, which calls :meth:`check` often and leaves nothing behind when
    that raises.
    """

    stopped = "It was stopped."
    """What there is to say when it was stopped in the middle."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._ended = threading.Event()
        self.last_words = ""
        """How it ended, for somebody who left meanwhile; '' while it goes on."""

    def work(self) -> T:
        """Do the job itself."""
        raise NotImplementedError

    def summary(self, result: T) -> str:
        """The result as a sentence, once it has succeeded."""
        raise NotImplementedError

    def run(self) -> T:
        """Do it.

        Raises:
            StoppedError: :meth:`stop` was called, and what was done has been rolled back.
            SestuiError: it failed.
        """
        try:
            result = self.work()
            self.last_words = self.summary(result)
        except SestuiError as error:
            self.last_words = str(error)
            raise
        finally:
            self._ended.set()
        return result

    def stop(self) -> None:
        """Ask it to end; returns at once."""
        self._told.set()

    def check(self) -> None:
        """Raise StoppedError if the job was asked to stop; called by the job itself."""
        if self._told.is_set():
            raise StoppedError(self.stopped)

    def join(self, seconds: float) -> bool:
        """Wait for its end; False if ``seconds`` were not enough."""
        return self._ended.wait(seconds)


class BackgroundJobs:
    """The running jobs; used on the UI's thread."""

    def __init__(self) -> None:
        self._under_way: list[BackgroundJob[Any]] = []

    def add(self, job: BackgroundJob[Any]) -> None:
        """Have it stopped when the app is closed."""
        self._under_way.append(job)

    def remove(self, job: BackgroundJob[Any]) -> None:
        """Forget a job that has ended and whose result has been shown."""
        self._under_way.remove(job)

    def stop(self) -> Sequence[BackgroundJob[Any]]:
        """Ask all to end; returns those that were asked."""
        asked = tuple(self._under_way)
        for job in asked:
            job.stop()
        return asked


def last_words(jobs: Sequence[BackgroundJob[Any]]) -> str:
    """Wait until they end; returns their results, a line each."""
    for job in jobs:
        job.join(_PATIENCE_SECONDS)
    return "\n".join(job.last_words for job in jobs if job.last_words)
