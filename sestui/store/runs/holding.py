"""Temporary pauses of runs while the operator decides."""

from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.states import OPERATOR_WAITS, PAUSABLE_RUN_STATES, PauseReason, RunState
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.ledger.course import note_hold
from sestui.store.ledger.transitions import finish_if_done


@dataclass(frozen=True, slots=True)
class RunOnHold:
    """A run that is paused for the moment, and how it was before."""

    run_id: int
    state: str
    reason: str
    detail: str
    resume_at: Instant | None
    held_for: str
    """Why it is held, as a sentence: while the run says so, nobody has done anything else to it."""


class Holding:
    """Pauses runs temporarily, and restores their state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, run_id: int, why: str, now: Instant) -> RunOnHold | None:
        """Pause a run until :meth:`release`, and remember how it was.

        None: it doesn't go on by itself. It is gone, paused, has ended, or waits for the
        operator, which must not be lost.
        """
        with self._database.write() as session:
            run = session.get(Run, run_id, with_for_update=True)
            if run is None or run.state not in PAUSABLE_RUN_STATES or run.reason in OPERATOR_WAITS:
                return None
            held = RunOnHold(run_id, run.state, run.reason, run.detail, run.resume_at, why)
            run.state, run.reason = RunState.PAUSED.value, PauseReason.OPERATOR.value
            run.detail, run.resume_at = why, None
            session.add(run)
            session.flush()
            if held.state == RunState.SENDING:
                note_hold(session.connection(), run_id, "paused", now)
        return held

    def release(self, held: RunOnHold, now: Instant) -> None:
        """Restore a run's state, unless it has been changed since."""
        with self._database.write() as session:
            run = session.get(Run, held.run_id, with_for_update=True)
            if run is None or (run.state, run.detail) != (RunState.PAUSED, held.held_for):
                return
            run.state, run.reason = held.state, held.reason
            run.detail, run.resume_at = held.detail, held.resume_at
            session.add(run)
            session.flush()
            finish_if_done(session.connection(), run.id, now)  # the last answers may have come
