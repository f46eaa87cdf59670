"""Fair scheduling of runs by priority, without starvation."""

from collections.abc import Sequence

from sestui.sending.engine.ports import RunInfo


class FairScheduler:
    """Stride scheduling: a run's share of the mails is proportional to its priority + 1."""

    def __init__(self) -> None:
        self._runs: dict[int, RunInfo] = {}
        self._passed: dict[int, float] = {}
        self._blocked_until: dict[int, float] = {}

    def update(self, runs: Sequence[RunInfo]) -> None:
        """Set the sending runs; a new run starts level with the others."""
        level = min((self._passed[i] for i in self._runs), default=0.0)
        self._runs = {run.id: run for run in runs}
        self._passed = {i: max(self._passed.get(i, level), level) for i in self._runs}
        self._blocked_until = {i: t for i, t in self._blocked_until.items() if i in self._runs}

    def next(self, now: float) -> RunInfo | None:
        """The run to serve at ``now`` (monotonic seconds); None if none can be served yet."""
        ready = [i for i in self._runs if self._blocked_until.get(i, now) <= now]
        if not ready:
            return None
        return self._runs[min(ready, key=lambda i: (self._passed[i], i))]

    def served(self, run: RunInfo, mails: int) -> None:
        """Record that ``run`` had ``mails`` slots."""
        if run.id in self._passed:
            self._passed[run.id] += mails / (max(0, run.priority) + 1)

    def block(self, run: RunInfo, until: float) -> None:
        """Don't serve ``run`` before ``until`` (monotonic seconds)."""
        self._blocked_until[run.id] = until

    def ready_at(self) -> float:
        """When the first run can be served; infinity if there is none."""
        return min((self._blocked_until.get(i, 0.0) for i in self._runs), default=float("inf"))

    def __bool__(self) -> bool:
        return bool(self._runs)

    @property
    def ids(self) -> list[int]:
        """The runs' ids."""
        return list(self._runs)
