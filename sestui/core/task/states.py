"""States of task runs, and the rules for missed and overlapping occurrences."""

from enum import StrEnum


class Misfire(StrEnum):
    """What happens to occurrences that were not started in time, or whose process died."""

    SKIP = "skip"
    """They are left out."""
    ONCE = "once"
    """One run makes up for all of them."""
    ALL = "all"
    """Each is made up for, up to the task's bound, newest first."""


class Overlap(StrEnum):
    """What happens to an occurrence that is due while the previous run has not ended."""

    SKIP = "skip"
    """It is left out."""
    WAIT = "wait"
    """It runs when the previous run has ended."""
    ALLOW = "allow"
    """It runs alongside the previous run."""


class TaskRunState(StrEnum):
    """The state of one execution of a task."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    KILLED = "killed"
    """Its process died."""
    MISSED = "missed"
    """It was not started in time, and the misfire rule leaves it out."""
    SKIPPED = "skipped"
    """The previous run had not ended."""

    @property
    def label(self) -> str:
        """The state for people."""
        return self.value.replace("_", " ")


OPEN_TASK_STATES = frozenset({TaskRunState.QUEUED, TaskRunState.RUNNING})
BAD_TASK_STATES = frozenset({TaskRunState.FAILED, TaskRunState.TIMED_OUT, TaskRunState.KILLED})
"""Ended states that need attention."""
