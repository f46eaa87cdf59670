"""A database that came back from a backup, or an older copy: what was sent since isn't known to it.

A backup has a mark in it. A copy made by other means is recognised by its epoch (``lineage``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from sestui.core.clock import Instant
from sestui.core.states import AUDIENCES, ENDED_RUN_STATES, RunState, WaitReason
from sestui.store.database import Database
from sestui.store.ledger import skip_pending
from sestui.store.lineage import Lineage, Older, last_beat, part_ways, same_moment
from sestui.store.tables import Run, SharedSetting

BACKUP_MARK = "backup_taken_at"
"""In a backup only: when it was taken. Whoever opens it as the database has restored it."""

_RESTORED = "restored"
_ENDED = [state.value for state in ENDED_RUN_STATES]


@dataclass(frozen=True, slots=True)
class Restore:
    """That the database was restored."""

    since: Instant
    """What was done later isn't known to it."""
    older: Older | None = None
    """How it was recognised, where no backup's mark says so."""


class Restored:
    """Whether this database was restored, and between which instants it knows nothing."""

    def __init__(self, database: Database, lineage: Lineage) -> None:
        self._database = database
        self._lineage = lineage

    def found(self) -> Restore | None:
        """The restore that nobody has acted upon yet; mostly None."""
        with self._database.read() as session:
            mark = session.get(SharedSetting, BACKUP_MARK)
        if mark is not None:
            return Restore(float(mark.value))
        older = self._lineage.older()
        return None if older is None else Restore(older.found.at, older)

    def hold(self, restore: Restore, now: Instant, why: str) -> list[int]:
        """Act upon it, once: runs that have not ended wait for approval; their ids.

        ``why`` is the sentence that the operator reads.
        """
        with self._database.write() as session:
            if restore.older is None:
                mark = session.get(SharedSetting, BACKUP_MARK, with_for_update=True)
                if mark is None:
                    return []  # another process was first
                session.delete(mark)
            elif not same_moment(session, restore.older):
                return []
            return hold_open_runs(session, restore.since, now, lambda _: why)

    def mark(self, now: Instant, why: Callable[[Instant], str]) -> tuple[Instant, list[int]]:
        """The operator says that it was restored, by whatever means.

        When it was used last, as far as it knows, and the ids of the runs that wait for approval.
        ``why`` makes of that instant the sentence that the operator reads.
        """
        with self._database.write() as session:
            mark = session.get(SharedSetting, BACKUP_MARK, with_for_update=True)
            since = float(mark.value) if mark is not None else last_sign(session, now)
            if mark is not None:
                session.delete(mark)
            return since, hold_open_runs(session, since, now, why)

    def unknown(self, instant: Instant) -> bool:
        """Whether what was done at ``instant`` may be lost: it lies after the backup was taken."""
        with self._database.read() as session:
            found = session.get(SharedSetting, _RESTORED)
        return found is not None and found.value["from"] <= instant <= found.value["until"]


def last_sign(session: Session, now: Instant) -> Instant:
    """When the database was used last, as far as it knows; ``now`` if it has never been."""
    beat = last_beat(session)
    runs = session.exec(
        select(Run.created_at, Run.started_at, Run.finished_at).order_by(col(Run.id).desc())
    ).all()
    known = [at for run in runs for at in run if at is not None]
    return min(now, max([*known, *([] if beat is None else [beat])], default=now))


def hold_open_runs(
    session: Session, since: Instant, now: Instant, why: Callable[[Instant], str]
) -> list[int]:
    """Let the runs that have not ended wait for approval; their ids.

    One that was paused too: whoever resumes it must know that it may have been gone on with. Tests
    and notices are cancelled, they were for that moment.
    """
    said = why(since)
    found = session.exec(select(Run).where(col(Run.state).not_in(_ENDED))).all()
    held = [run for run in found if run.kind in AUDIENCES]
    for run in held:
        paused = run.detail if run.state == RunState.PAUSED else ""
        run.state, run.reason = RunState.WAITING.value, WaitReason.APPROVAL.value
        run.detail, run.resume_at = f"{said} {paused}".rstrip(), None
    for run in found:
        if run not in held:
            run.state, run.reason, run.detail = RunState.CANCELLED.value, "", said
            run.resume_at, run.finished_at = None, now
            skip_pending(session.connection(), run.id)
    _set(session, _RESTORED, {"from": since, "until": now})
    part_ways(session, now)
    return [run.id for run in held]


def _set(session: Session, name: str, value: Any) -> None:
    session.merge(SharedSetting(name=name, value=value))
