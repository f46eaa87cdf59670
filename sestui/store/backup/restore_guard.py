"""Detect that the database is a restored backup or an older copy, and hold its runs.

Such a database doesn't know what has been sent since. Backups are marked; other copies are
recognised by their epoch (``lineage``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import AUDIENCES, ENDED_RUN_STATES, RunState, WaitReason
from sestui.store.db.database import Database
from sestui.store.db.lineage import Lineage, Older, last_beat, part_ways, same_moment
from sestui.store.db.shared_tables import SharedSetting
from sestui.store.db.tables import Campaign, Contact, Run
from sestui.store.ledger.transitions import skip_pending

BACKUP_MARK = "backup_taken_at"
"""A setting that only backups have: when the backup was taken."""

_RESTORED = "restored"
_ENDED = [state.value for state in ENDED_RUN_STATES]


@dataclass(frozen=True, slots=True)
class Restore:
    """A detected restore."""

    since: Instant
    """The database doesn't know what happened after this."""
    older: Older | None = None
    """For a copy without a backup's mark: how it was recognised."""


class RestoreGuard:
    """Detects a restore, and knows the period that the database has no record of."""

    def __init__(self, database: Database, lineage: Lineage) -> None:
        self._database = database
        self._lineage = lineage

    def found(self) -> Restore | None:
        """A restore that has not been handled yet; None if there is none."""
        with self._database.read() as session:
            mark = session.get(SharedSetting, BACKUP_MARK)
        if mark is not None:
            return Restore(float(mark.value))
        older = self._lineage.older()
        return None if older is None else Restore(older.found.at, older)

    def hold(self, restore: Restore, now: Instant, why: str) -> list[int]:
        """Handle a restore, once: unfinished runs wait for approval. Returns their ids.

        ``why`` is a sentence for the operator.
        """
        with self._database.write() as session:
            if restore.older is None:
                mark = session.get(SharedSetting, BACKUP_MARK, with_for_update=True)
                if mark is None:
                    return []  # another process was first
                session.delete(mark)
            elif not same_moment(session, restore.older):
                return []
            return hold_open_runs(session, restore.since, now, why)

    def unknown(self, instant: Instant) -> bool:
        """Whether ``instant`` is in the period that the database has no record of."""
        with self._database.read() as session:
            found = session.get(SharedSetting, _RESTORED)
        return found is not None and found.value["from"] <= instant <= found.value["until"]


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that waits for approval."""

    campaign: str
    run: int
    """The run's number."""


@dataclass(frozen=True, slots=True)
class RestoredDatabase:
    """The result of marking a database as restored."""

    taken_at: Instant
    """When the backup was taken; for other copies, when they were last used."""
    contacts: int
    waiting: tuple[HeldRun, ...]


def mark_restored(
    session: Session, now: Instant, local: Callable[[Instant], str]
) -> RestoredDatabase:
    """Handle a restore made by `restore`, or by other means according to the operator.

    ``local`` formats an instant for the operator.
    """
    mark = session.get(SharedSetting, BACKUP_MARK, with_for_update=True)
    if mark is None:
        taken_at = last_sign(session, now)
        why = why_restored(f"a copy of the database that was last used {local(taken_at)}")
    else:
        taken_at = float(mark.value)
        why = why_restored(f"the backup taken {local(taken_at)}")
        session.delete(mark)
    held = hold_open_runs(session, taken_at, now, why)
    contacts = session.exec(select(func.count()).select_from(Contact)).one()
    named = session.exec(
        select(Campaign.name, Run.number)
        .join(Run, col(Run.campaign_id) == col(Campaign.id))
        .where(col(Run.id).in_(held))
        .order_by(col(Run.id))
    ).all()
    return RestoredDatabase(taken_at, contacts, tuple(HeldRun(*each) for each in named))


def why_restored(what: str) -> str:
    """The reason for a run's waiting in a database that was restored from ``what``."""
    return f"This database was restored from {what}; it does not know what has been sent since."


def last_sign(session: Session, now: Instant) -> Instant:
    """When the database was last used, as far as it knows; ``now`` if never."""
    beat = last_beat(session)
    runs = session.exec(
        select(Run.created_at, Run.started_at, Run.finished_at).order_by(col(Run.id).desc())
    ).all()
    known = [at for run in runs for at in run if at is not None]
    return min(now, max([*known, *([] if beat is None else [beat])], default=now))


def hold_open_runs(session: Session, since: Instant, now: Instant, why: str) -> list[int]:
    """Let unfinished runs wait for approval, even paused ones; returns their ids.

    Tests and notices are cancelled, as they are out of date.
    """
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
    _set(session, _RESTORED, {"from": since, "until": now})
    part_ways(session, now)
    return [run.id for run in held]


def _set(session: Session, name: str, value: Any) -> None:
    session.merge(SharedSetting(name=name, value=value))
