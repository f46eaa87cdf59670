"""The states of a task's run, and the rules that a task may have."""

from enum import StrEnum


class Misfire(StrEnum):
    """What becomes of occurrences that nobody started in time, or whose process died."""

    SKIP = "skip"
    """Nothing: the next occurrence is soon enough."""
    ONCE = "once"
    """One run makes up for all of them."""
    ALL = "all"
    """Each is made up for, the newest few (the task's bound) at least."""


class Overlap(StrEnum):
    """What becomes of an occurrence that is due while the task's last run has not ended."""

    SKIP = "skip"
    """It is left out."""
    WAIT = "wait"
    """It runs when the other has ended."""
    ALLOW = "allow"
    """It runs beside the other."""


class TaskRunState(StrEnum):
    """Where one execution of a task stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    KILLED = "killed"
    """Its process ended before it did."""
    MISSED = "missed"
    """Nobody was there at its time, and the misfire rule lets it go."""
    SKIPPED = "skipped"
    """The run before it was still at work."""

    @property
    def label(self) -> str:
        """The state as people read it."""
        return self.value.replace("_", " ")


OPEN_TASK_STATES = frozenset({TaskRunState.QUEUED, TaskRunState.RUNNING})
BAD_TASK_STATES = frozenset({TaskRunState.FAILED, TaskRunState.TIMED_OUT, TaskRunState.KILLED})
"""Ends that somebody ought to look at."""
