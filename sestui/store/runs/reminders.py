"""Find what needs attention, and remind the operator of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, delete, or_, select

from sestui.core.clock import Instant
from sestui.core.content.notice import Notice
from sestui.core.delivery.states import (
    GOING_RUN_STATES,
    OPERATOR_WAITS,
    PauseReason,
    RunKind,
    RunState,
)
from sestui.core.schedule.reminders import Subject
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.notices import post_notice
from sestui.store.runs.tables import Reminder


@dataclass(frozen=True, slots=True)
class ReminderNote:
    """A reminder of something that needs attention."""

    subject: Subject
    id: int
    state: str
    """Its state; a change is reported at once."""
    notice: Notice | None
    """The mail; None if there is no recipient or sender."""
    from_address: str = ""


class Reminders:
    """Remembers reminders that have been sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self) -> Sequence[tuple[Run, str]]:
        """Runs that need attention with their campaigns' names, oldest first."""
        with self._database.read() as session:
            return session.exec(
                select(Run, Campaign.name)
                .join(Campaign, col(Campaign.id) == Run.campaign_id)
                .where(_needs_somebody())
                .order_by(col(Run.id))
            ).all()

    def forget(self, campaigns: Collection[int]) -> None:
        """Forget reminders of things that no longer need attention.

        ``campaigns`` are those that still can't be started.
        """
        settled = or_(
            and_(
                Reminder.subject == Subject.RUN.value,
                col(Reminder.subject_id).not_in(select(Run.id).where(_needs_somebody())),
            ),
            and_(
                Reminder.subject == Subject.CAMPAIGN.value,
                col(Reminder.subject_id).not_in(list(campaigns)),
            ),
        )
        with self._database.read() as session:  # usually there is nothing, so avoid the lock
            if session.exec(select(Reminder.subject).where(settled).limit(1)).first() is None:
                return
        with self._database.write() as session:
            session.exec(delete(Reminder).where(settled))

    def record(
        self, told: ReminderNote, recipients: Sequence[str], now: Instant, told_before: Instant
    ) -> bool:
        """Send a reminder, unless it was sent in the same state after ``told_before``.

        Returns whether this process sent it.
        """
        with self._database.read() as session:
            if _was_sent(session, told, told_before):
                return False
        with self._database.write() as session:
            # Lock, so that only one process sends it.
            session.exec(select(Campaign.id).where(_whose(told)).with_for_update()).first()
            if _was_sent(session, told, told_before):
                return False
            session.merge(
                Reminder(subject=told.subject, subject_id=told.id, state=told.state, told_at=now)
            )
            if told.notice is not None and recipients:
                post_notice(
                    session, told.notice, recipients, from_address=told.from_address, now=now
                )
            return True


def _needs_somebody() -> ColumnElement[bool]:
    return and_(
        Run.kind != RunKind.TEST.value,  # the result of a test is shown at once
        or_(
            and_(Run.state == RunState.PAUSED.value, Run.reason != PauseReason.OPERATOR.value),
            and_(Run.state == RunState.WAITING.value, col(Run.reason).in_(sorted(OPERATOR_WAITS))),
            col(Run.in_doubt) > 0,
            # A warning of a run that has ended is in its report: nothing can be done about it.
            and_(Run.warning != "", col(Run.state).in_(sorted(GOING_RUN_STATES))),
        ),
    )


def _whose(told: ReminderNote) -> ColumnElement[bool]:
    if told.subject is Subject.CAMPAIGN:
        return col(Campaign.id) == told.id
    return col(Campaign.id).in_(select(Run.campaign_id).where(Run.id == told.id))


def _was_sent(session: Session, told: ReminderNote, told_before: Instant) -> bool:
    row = session.get(Reminder, (told.subject.value, told.id))
    return row is not None and row.state == told.state and row.told_at > told_before
