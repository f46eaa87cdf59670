"""A database that came back from a backup: what was sent since isn't known to it."""

from typing import Any

from sqlmodel import Session, col, select

from sestui.core.clock import Instant
from sestui.core.states import AUDIENCES, ENDED_RUN_STATES, RunState, WaitReason
from sestui.store.database import Database
from sestui.store.ledger import skip_pending
from sestui.store.tables import Run, SharedSetting

BACKUP_MARK = "backup_taken_at"
"""In a backup only: when it was taken. Whoever opens it as the database has restored it."""

_RESTORED = "restored"
_ENDED = [state.value for state in ENDED_RUN_STATES]


class Restored:
    """Whether this database was restored, and between which instants it knows nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, now: Instant, why: str) -> list[int]:
        """On the first look at a restored database: runs that have not ended wait for approval.

        One that was paused too: whoever resumes it must know that it may have been gone on with.
        Tests and notices are cancelled, they were for that moment. ``why`` is the sentence that
        the operator reads. The ids of the runs that wait; mostly none.
        """
        with self._database.read() as session:
            if session.get(SharedSetting, BACKUP_MARK) is None:
                return []
        with self._database.write() as session:
            mark = session.get(SharedSetting, BACKUP_MARK, with_for_update=True)
            if mark is None:
                return []  # another process was first
            found = session.exec(select(Run).where(col(Run.state).not_in(_ENDED))).all()
            held = [run for run in found if run.kind in AUDIENCES]
            for run in held:
                paused = run.detail if run.state == RunState.PAUSED else ""
                run.state, run.reason = RunState.WAITING.value, WaitReason.APPROVAL.value
                run.detail, run.resume_at = f"{why} {paused}".rstrip(), None
            for run in found:
                if run not in held:
                    run.state, run.reason, run.detail = RunState.CANCELLED.value, "", why
                    run.resume_at, run.finished_at = None, now
                    skip_pending(session.connection(), run.id)
            _set(session, _RESTORED, {"from": mark.value, "until": now})
            session.delete(mark)
            return [run.id for run in held]

    def unknown(self, instant: Instant) -> bool:
        """Whether what was done at ``instant`` may be lost: it lies after the backup was taken."""
        with self._database.read() as session:
            found = session.get(SharedSetting, _RESTORED)
        return found is not None and found.value["from"] <= instant <= found.value["until"]

    def taken_at(self) -> Instant | None:
        """When the backup was taken that this database is, before its first look."""
        with self._database.read() as session:
            mark = session.get(SharedSetting, BACKUP_MARK)
        return None if mark is None else float(mark.value)


def _set(session: Session, name: str, value: Any) -> None:
    session.merge(SharedSetting(name=name, value=value))
