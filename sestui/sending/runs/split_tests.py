"""Runs whose audience is split among subjects: they wait for a winner, and the rest gets it."""

import logging
from collections.abc import Callable

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.states import SPLIT_WAITS, RunState, WaitReason
from sestui.errors import StateError
from sestui.sending.runs.operator import operator
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.runs.runs import Runs
from sestui.store.runs.splits import Splits

_log = logging.getLogger(__name__)


class SplitTests:
    """Chooses winners by the clock or by hand; ``local`` says an instant in the operator's time."""

    def __init__(self, database: Database, clock: Clock, local: Callable[[Instant], str]) -> None:
        self._runs = Runs(database)
        self._splits = Splits(database)
        self._clock = clock
        self._local = local

    def holds(self, run: Run) -> bool:
        """Whether nothing of an unfinished run may be sent before its winner is chosen.

        It is chosen here if it is time.
        """
        if not run.awaits_winner:
            return False
        now = self._clock.now()
        if run.state == RunState.SENDING:
            if not self._splits.is_sent(run.id):
                return False
            return self._splits.await_winner(run.id, now, self._detail)
        if run.reason not in SPLIT_WAITS:
            return False
        if run.reason == WaitReason.SPLIT and (run.winner_due_at or 0) <= now:
            try:
                chosen = self._splits.choose(run.id, now)
            except StateError:
                return True  # another process was faster
            _log.info("The winner of run %d is variant %s.", run.id, chosen.winner)
        return True

    def choose(self, run_id: int, variant: str = "") -> Run:
        """Choose the winner now: ``variant``, or else what the clicks say, or else the first.

        Raises:
            StateError: there is nothing to choose, or no such variant; or it is to be what the
                clicks say, and the variants haven't been sent.
        """
        run = self._runs.get(run_id)
        if run.awaits_winner and not variant and not self._splits.is_sent(run_id):
            raise StateError(
                "Its subjects have not all been sent, so nobody can tell which is better. Wait, "
                "or name the variant that the rest is to get."
            )
        return self._splits.choose(run_id, self._clock.now(), variant, by=operator())

    def _detail(self, due_at: Instant | None) -> str:
        if due_at is None:
            return "Its subjects have been sent; the rest waits until you choose the winner."
        return f"Its subjects have been sent; the winner is chosen {self._local(due_at)}."
