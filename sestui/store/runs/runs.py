"""Runs: starting one with its deliveries, steering it, looking at it."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import bindparam, func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col
from sqlmodel import select as select_model

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import (
    AUDIENCES,
    ENDED_RUN_STATES,
    Completion,
    PauseReason,
    RunKind,
    RunState,
    WaitReason,
)
from sestui.core.schedule.cron import Occurrence
from sestui.errors import NotFoundError, SentBeforeError, StateError, StorageError
from sestui.store.campaigns.campaigns import refuse_archived
from sestui.store.contacts.audiences import add_audience, follow_up_size
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Contact, Delivery, Run
from sestui.store.ledger.course import note_hold
from sestui.store.ledger.ledger import finish_if_done, skip_pending
from sestui.store.ledger.sent_since import first_sent
from sestui.store.ledger.unrenderable import (
    Reasons,
    note_unrenderable,
    skip_unmade,
    skip_unrenderable,
)
from sestui.store.runs.new_runs import new_run, number_run, sent_fields
from sestui.store.tasks.occurrences import distinct_instant

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CONTACT = Contact.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_DAY = 86_400.0
_COUNTERS = tuple(field.name for field in fields(RunCounts))

# Built once: building it anew costs more than running it.
_FIRST_SENT = select_model(
    func.min(
        first_sent((col(Run.finished_at).is_(None)) | (col(Run.finished_at) > bindparam("recent")))
        .subquery()
        .c.first_at
    )
)


def counts_of(run: Run) -> RunCounts:
    """The run's counters."""
    return RunCounts(**{name: getattr(run, name) for name in _COUNTERS})


class Runs:
    """Every run in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # starting

    def start(
        self,
        campaign: Campaign,
        now: Instant,
        *,
        again: bool = False,
        only: Only | None = None,
        scheduled_for: Occurrence | None = None,
        held_for: str = "",
        approval: str = "",
        unrenderable: Reasons | None = None,
        skip_unrenderable: bool = False,
    ) -> Run | None:
        """A new run over the campaign's lists as they are now, ``sending`` from this instant.

        ``only`` makes it a follow-up over a part of them.

        ``held_for`` is a sentence that says why the run is paused from its start, ``approval`` one
        that says why it waits for the operator's approval; '' if it doesn't.

        ``unrenderable`` are contacts for whom no mail can be made, by the reason: they are skipped
        if the campaign or ``skip_unrenderable`` says so, as is who is found later; else the reason
        is noted.

        Run, deliveries and counters appear in one transaction: a crash leaves all or nothing.
        Returns None when the occurrence ``scheduled_for`` was started before, by whomever.

        Raises:
            StateError: an earlier run has not ended, or there is one and none of ``again``,
                ``only`` and ``scheduled_for`` says who is to be mailed.
        """
        run = new_run(campaign, now, RunKind.CAMPAIGN, scheduled_for)
        run.skip_unrenderable = run.skip_unrenderable or skip_unrenderable
        if held_for:
            run.state, run.detail = RunState.PAUSED.value, held_for
            run.reason = PauseReason.ERRORS.value
        elif approval:
            run.state, run.detail = RunState.WAITING.value, approval
            run.reason = WaitReason.APPROVAL.value
        try:
            with self._database.write() as session:
                _refuse_unstartable(session, campaign)
                if _occurred(session, campaign, scheduled_for):
                    return None
                repeat = again or only is not None or scheduled_for is not None
                _refuse_repeat(session, campaign, again=repeat)
                if scheduled_for is not None:
                    run.scheduled_for = distinct_instant(session, campaign, scheduled_for.at)
                number_run(session, run)
                run.pending = add_audience(session.connection(), run, campaign.lists, only)
                if only is not None and not run.pending and scheduled_for is None:
                    raise StateError(f"Nobody in {campaign.name}'s audience is {only} now.")
                _leave_out(session, run, unrenderable or {})
                if campaign.notify and run.pending:
                    run.completion = Completion.OWED.value
                session.add(run)
                session.flush()
                finish_if_done(session.connection(), run.id, now)
        except StorageError as error:
            if scheduled_for is not None and isinstance(error.__cause__, IntegrityError):
                return None
            raise
        return self.get(run.id)

    def occurred(self, campaign: Campaign, scheduled_for: Occurrence | None) -> bool:
        """Whether that occurrence was started before; never for None, which is none."""
        with self._database.read() as session:
            return _occurred(session, campaign, scheduled_for)

    def refuse_repeat(self, campaign: Campaign, *, again: bool) -> None:
        """Raise what :meth:`start` would raise, before costly checks are made."""
        with self._database.read() as session:
            _refuse_unstartable(session, campaign, lock=False)
            _refuse_repeat(session, campaign, again=again)

    def start_test(
        self, campaign: Campaign, recipients: Sequence[tuple[str, int | None]], now: Instant
    ) -> Run:
        """A run that sends the campaign's message to a few addresses, contacts or not.

        ``recipients`` are address and the id of the contact whose attributes the mail shows.
        """
        run = new_run(campaign, now, RunKind.TEST, None)
        with self._database.write() as session:
            _refuse_unstartable(session, campaign)
            number_run(session, run)
            # Without contact ids: one row per run and contact is the audience's rule.
            session.add_all(
                Delivery(run_id=run.id, email=address, shown_as=contact_id, queued_at=now)
                for address, contact_id in recipients
            )
            run.pending = len(recipients)
            session.add(run)
        return run

    # looking

    def follow_up_size(self, campaign: Campaign, only: Only) -> int:
        """How many a follow-up would be for now; seconds where a million are on the lists."""
        with self._database.read_connection() as connection:
            return follow_up_size(connection, campaign.id, campaign.lists, only)

    def get(self, run_id: int) -> Run:
        """The run as it is now."""
        with self._database.read() as session:
            run = session.get(Run, run_id)
        if run is None:
            raise _no_run(run_id)
        return run

    def named(self, run_id: int) -> tuple[Run, str]:
        """The run as it is now, and its campaign's name."""
        query = (
            select_model(Run, Campaign.name)
            .join(Campaign, col(Campaign.id) == col(Run.campaign_id))
            .where(Run.id == run_id)
        )
        with self._database.read() as session:
            found = session.exec(query).one_or_none()
        if found is None:
            raise _no_run(run_id)
        return found

    def of_campaign(self, campaign_id: int, *, limit: int = 50) -> Sequence[Run]:
        """The campaign's runs, newest first, tests included."""
        with self._database.read() as session:
            return session.exec(
                select_model(Run)
                .where(Run.campaign_id == campaign_id)
                .order_by(col(Run.number).desc())
                .limit(limit)
            ).all()

    def latest(self, campaign_ids: Iterable[int]) -> dict[int, Run]:
        """The newest run (no test) of each campaign that has one, by campaign id."""
        newest = (
            select_model(func.max(Run.id))
            .where(col(Run.campaign_id).in_(list(campaign_ids)), col(Run.kind).in_(AUDIENCES))
            .group_by(col(Run.campaign_id))
        )
        with self._database.read() as session:
            runs = session.exec(select_model(Run).where(col(Run.id).in_(newest))).all()
        return {run.campaign_id: run for run in runs}

    def in_states(self, states: Iterable[RunState]) -> Sequence[Run]:
        """Runs in any of ``states``: higher priority first, then the older."""
        with self._database.read() as session:
            return session.exec(
                select_model(Run)
                .where(col(Run.state).in_([state.value for state in states]))
                .order_by(col(Run.priority).desc(), col(Run.id))
            ).all()

    # steering

    def pause(
        self, run_id: int, reason: PauseReason, detail: str, *, at: Instant | None = None
    ) -> Run:
        """Hold the run until it is resumed; what is in flight still gets its answer.

        ``at`` is now, where it is to be noted in how the run went.
        """
        return self._steer(
            run_id,
            allowed={RunState.SENDING, RunState.WAITING, RunState.SCHEDULED},
            doing="paused",
            held=None if at is None else ("paused", at),
            values={
                "state": RunState.PAUSED.value,
                "reason": reason.value,
                "detail": detail,
                "resume_at": None,
            },
        )

    def wait(
        self,
        run_id: int,
        reason: WaitReason,
        detail: str,
        resume_at: Instant,
        *,
        at: Instant | None = None,
    ) -> Run | None:
        """Let a sending run wait until ``resume_at``; None if it isn't sending any more.

        ``at`` is as for :meth:`pause`.
        """
        try:
            return self._steer(
                run_id,
                allowed={RunState.SENDING},
                doing="made to wait",
                held=None if at is None else (reason.value, at),
                values={
                    "state": RunState.WAITING.value,
                    "reason": reason.value,
                    "detail": detail,
                    "resume_at": resume_at,
                },
            )
        except StateError:
            return None

    def resume(
        self,
        run_id: int,
        campaign: Campaign | None = None,
        *,
        unrenderable: Reasons | None = None,
        skip_unrenderable: bool = False,
    ) -> Run:
        """Continue where the run stopped; with ``campaign``, with its message as it is now.

        ``unrenderable`` and ``skip_unrenderable`` are as for :meth:`start`.
        """
        values: dict[str, Any] = {
            "state": RunState.SENDING.value,
            "reason": "",
            "detail": "",
            "resume_at": None,
        }
        if campaign is not None:
            values |= sent_fields(campaign)
        # Once said of the run, it stays said.
        if values.pop("skip_unrenderable", False) or skip_unrenderable:
            values["skip_unrenderable"] = True
        return self._steer(
            run_id,
            allowed={RunState.PAUSED, RunState.WAITING, RunState.SCHEDULED},
            doing="resumed",
            values=values,
            unrenderable=unrenderable,
        )

    def skip_unmade(self, run_id: int, now: Instant) -> int:
        """Leave out of the run those for whom no mail could be made; how many."""
        with self._database.write_connection() as connection:
            return skip_unmade(connection, run_id, now)

    def wake(self, run_id: int) -> Run:
        """Let a waiting run go on; if something else was done to it meanwhile, that stands."""
        try:
            return self.resume(run_id)
        except StateError:
            return self.get(run_id)

    def cancel(self, run_id: int, now: Instant) -> Run:
        """End the run: what is pending is skipped, what is in flight still gets its answer."""
        return self._steer(
            run_id,
            allowed=set(RunState) - ENDED_RUN_STATES,
            doing="cancelled",
            values={
                "state": RunState.CANCELLED.value,
                "reason": "",
                "detail": "",
                "resume_at": None,
                "finished_at": now,
            },
        )

    def _steer(
        self,
        run_id: int,
        *,
        allowed: set[RunState],
        doing: str,
        values: dict[str, Any],
        unrenderable: Reasons | None = None,
        held: tuple[str, Instant] | None = None,
    ) -> Run:
        with self._database.write() as session:
            run = session.get(Run, run_id, with_for_update=True)
            if run is None:
                raise _no_run(run_id)
            if run.state not in allowed:
                raise StateError(f"Run {run.number} is {run.state}; it can't be {doing}.")
            for name, value in values.items():
                setattr(run, name, value)
            _leave_out(session, run, unrenderable or {})
            session.add(run)
            session.flush()
            if held is not None:
                label, at = held
                note_hold(session.connection(), run_id, label, at)
            if run.state == RunState.SENDING and not run.pending and not run.sending:
                # The last answers came while it was held.
                finish_if_done(session.connection(), run_id, _last_claim(session, run))
            elif run.state == RunState.CANCELLED:
                skip_pending(session.connection(), run_id)
            session.refresh(run)
        return run

    def quota_frees_at(self, now: Instant) -> Instant | None:
        """When the oldest mail of the last 24 hours leaves the rolling window; None: none is ours.

        Some twenty steps along an index for each run of the last two days, whatever their size; how
        exact that is, :mod:`sestui.store.ledger.sent_since` says.
        """
        with self._database.read() as session:
            first = session.scalar(_FIRST_SENT, {"since": now - _DAY, "recent": now - 2 * _DAY})
        return None if first is None else first + _DAY


def _no_run(run_id: int) -> NotFoundError:
    return NotFoundError(f"There is no run with id {run_id}.")


def _last_claim(session: Session, run: Run) -> Instant:
    """When something of the run was last handed over; its creation if nothing was."""
    last = session.exec(
        select_model(func.max(Delivery.claimed_at)).where(Delivery.run_id == run.id)
    ).one()
    return last or run.created_at


def _leave_out(session: Session, run: Run, unrenderable: Reasons) -> None:
    """Skip these recipients if the run is to do without them; else note why they hold it."""
    if not run.skip_unrenderable:
        note_unrenderable(session.connection(), run.id, unrenderable)
        return
    count = skip_unrenderable(session.connection(), run.id, unrenderable)
    run.pending -= count
    run.skipped += count


def _occurred(session: Session, campaign: Campaign, scheduled_for: Occurrence | None) -> bool:
    if scheduled_for is None:
        return False
    run = session.exec(
        select_model(Run.id)
        .where(
            Run.campaign_id == campaign.id,
            or_(
                col(Run.occurrence) == scheduled_for.name,
                # A run of before occurrences had names.
                col(Run.occurrence).is_(None) & (col(Run.scheduled_for) == scheduled_for.at),
            ),
        )
        .limit(1)
    ).first()
    return run is not None


def _refuse_unstartable(session: Session, campaign: Campaign, *, lock: bool = True) -> None:
    """Start nothing of a campaign that has been deleted or archived since it was read."""
    found = session.get(Campaign, campaign.id, with_for_update=lock)
    if found is None:
        raise NotFoundError(f"The campaign {campaign.name} has been deleted.")
    refuse_archived(found)


def _refuse_repeat(session: Session, campaign: Campaign, *, again: bool) -> None:
    """Nothing is started over by accident."""
    before = session.exec(
        select_model(Run)
        .where(Run.campaign_id == campaign.id, Run.kind == RunKind.CAMPAIGN.value)
        .order_by(col(Run.number).desc())
        .limit(1)
    ).first()
    if before is None:
        return
    if before.state not in ENDED_RUN_STATES:
        raise StateError(
            f"Run {before.number} of {campaign.name} is {before.state} and has not ended; "
            f"`sestui campaign resume {campaign.name}` continues it, "
            f"`sestui campaign cancel {campaign.name}` ends it."
        )
    if not again:
        raise SentBeforeError(
            f"{campaign.name} has been sent before (run {before.number}: {before.accepted:,} "
            "accepted).",
            by_option="To mail everyone on its lists again, add --again; to mail only those who "
            "have not received it, add --only unreceived.",
        )
