"""Runs: start them with their deliveries, read and control them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col
from sqlmodel import select as select_model

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Clock, Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import (
    ENDED_RUN_STATES,
    NAMED_BY_CAMPAIGN,
    PAUSABLE_RUN_STATES,
    Completion,
    PauseReason,
    RunKind,
    RunState,
    WaitReason,
)
from sestui.core.schedule.cron import Occurrence
from sestui.errors import (
    BreakerError,
    NotFoundError,
    StateError,
    StorageError,
)
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Contact, Delivery, Run
from sestui.store.ledger.clocks import ledger_now
from sestui.store.ledger.course import note_hold
from sestui.store.ledger.sent_since import first_sent
from sestui.store.ledger.transitions import finish_if_done, skip_pending
from sestui.store.ledger.unrenderable import Reasons, leave_out, skip_unmade
from sestui.store.runs.filling import fill
from sestui.store.runs.new_runs import (
    label_of,
    new_run,
    number_run,
    resumed_fields,
    test_deliveries,
)
from sestui.store.runs.splits import begin_split
from sestui.store.runs.start_rules import has_occurred, refuse_repeat, refuse_unstartable
from sestui.store.tasks.occurrences import distinct_instant

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CONTACT = Contact.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_DAY = 86_400.0
_COUNTERS = tuple(field.name for field in fields(RunCounts))

# Built once, as building it costs more than running it.
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
    """The runs."""

    def __init__(self, database: Database, account: Callable[[], str] = lambda: "") -> None:
        """``account`` returns the key of the account that new runs belong to; '': the first one
        that they are sent through."""
        self._database = database
        self._account = account

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
        beside: bool = False,
    ) -> Run | None:
        """Start a run over the campaign's audience, in one transaction.

        ``only`` makes it a follow-up. ``held_for`` is why it starts paused, ``approval`` why it
        waits for approval. ``unrenderable`` are contacts whose mail can't be, by reason: skipped if
        the campaign or ``skip_unrenderable`` says so. ``beside``: mails are checked while it sends.
        None: ``scheduled_for`` was started before.

        Raises:
            ConflictError: its audience is another by now. NotFoundError: its segment can't be.
            StateError: an earlier run has not ended, or there is one and none of ``again``,
                ``only`` and ``scheduled_for`` is given.
        """
        run = new_run(campaign, now, RunKind.CAMPAIGN, scheduled_for)
        run.account = self._account()
        run.skip_unrenderable = run.skip_unrenderable or skip_unrenderable
        if held_for:
            run.state, run.detail = RunState.PAUSED.value, held_for
            run.reason = PauseReason.ERRORS.value
        elif approval:
            run.state, run.detail = RunState.WAITING.value, approval
            run.reason = WaitReason.APPROVAL.value
        try:
            with self._database.write() as session:
                refuse_unstartable(session, campaign, for_audience=True)
                if has_occurred(session, campaign, scheduled_for):
                    return None
                repeat = again or only is not None or scheduled_for is not None
                refuse_repeat(session, campaign, again=repeat)
                if scheduled_for is not None:
                    run.scheduled_for = distinct_instant(session, campaign, scheduled_for.at)
                number_run(session, run)
                begin_split(session, run, only)
                fill(session.connection(), campaign, run, only, beside=beside)
                if only is not None and not run.pending and scheduled_for is None:
                    raise StateError(f"Nobody in {campaign.name}'s audience is {only} now.")
                leave_out(session.connection(), run, unrenderable or {})
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
        """Whether the occurrence has been started; False for None."""
        with self._database.read() as session:
            return has_occurred(session, campaign, scheduled_for)

    def refuse_repeat(self, campaign: Campaign, *, again: bool) -> None:
        """Raise the StateError that :meth:`start` would raise."""
        with self._database.read() as session:
            refuse_unstartable(session, campaign, lock=False)
            refuse_repeat(session, campaign, again=again)

    def start_test(
        self, campaign: Campaign, recipients: Sequence[tuple[str, int | None]], now: Instant
    ) -> Run:
        """Start a run that sends the campaign's message to a few addresses.

        ``recipients`` are addresses with the id of the contact whose attributes the mail shows; of
        a split, each gets every variant.
        Raises: StateError: an address was erased on request.
        """
        run = new_run(campaign, now, RunKind.TEST, None)
        run.account = self._account()
        with self._database.write() as session:
            refuse_unstartable(session, campaign, to=[address for address, _ in recipients])
            number_run(session, run)
            deliveries = test_deliveries(run, recipients)
            session.add_all(deliveries)
            run.pending = len(deliveries)
            session.add(run)
        return run

    # reading

    def get(self, run_id: int) -> Run:
        """The run with this id."""
        with self._database.read() as session:
            run = session.get(Run, run_id)
        if run is None:
            raise _no_run(run_id)
        return run

    def named(self, run_id: int) -> tuple[Run, str]:
        """The run and its campaign's name."""
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
        """The campaign's runs, newest first, including tests."""
        with self._database.read() as session:
            return session.exec(
                select_model(Run)
                .where(Run.campaign_id == campaign_id)
                .order_by(col(Run.id).desc())
                .limit(limit)
            ).all()

    def latest(self, campaign_ids: Iterable[int]) -> dict[int, Run]:
        """The newest runs (without tests and notices) by campaign id."""
        named = col(Run.kind).in_(NAMED_BY_CAMPAIGN)
        newest = (
            select_model(func.max(Run.id))
            .where(col(Run.campaign_id).in_(list(campaign_ids)), named)
            .group_by(col(Run.campaign_id))
        )
        with self._database.read() as session:
            runs = session.exec(select_model(Run).where(col(Run.id).in_(newest))).all()
        return {run.campaign_id: run for run in runs}

    def in_states(self, states: Iterable[RunState]) -> Sequence[Run]:
        """Runs in any of ``states``, by priority and then by age."""
        with self._database.read() as session:
            return session.exec(
                select_model(Run)
                .where(col(Run.state).in_([state.value for state in states]))
                .order_by(col(Run.priority).desc(), col(Run.id))
            ).all()

    # control

    def pause(
        self, run_id: int, reason: PauseReason, detail: str, *, at: Instant | None = None
    ) -> Run:
        """Pause the run; calls in flight still get their answers.

        With ``at``, now, the hold is recorded for the report of the run's course.
        """
        return self._change(
            run_id,
            RunState.PAUSED,
            PAUSABLE_RUN_STATES,
            "paused",
            at=at,
            reason=reason.value,
            detail=detail,
        )

    def wait(
        self,
        run_id: int,
        reason: WaitReason,
        detail: str,
        resume_at: Instant,
        at: Instant | None = None,
    ) -> Run | None:
        """Let a sending run wait until ``resume_at``; None if not sending; ``at`` as in pause."""
        try:
            return self._change(
                run_id,
                RunState.WAITING,
                {RunState.SENDING},
                "made to wait",
                at=at,
                reason=reason.value,
                detail=detail,
                resume_at=resume_at,
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
        despite_breaker: Clock | None = None,
        move_to: tuple[str, Clock] | None = None,
    ) -> Run:
        """Continue the run, with the current message of ``campaign`` if given.

        ``unrenderable`` and ``skip_unrenderable`` are as in :meth:`start`. ``despite_breaker``,
        the clock, continues one that the breaker has paused: mail of before is not judged again.
        ``move_to`` is the key of the account that it belongs to from now on, with the clock.

        Raises:
            BreakerError: the breaker has paused it, and ``despite_breaker`` is not given.
        """
        values = {} if campaign is None else resumed_fields(campaign)
        # It can be switched on for a run, but not off.
        if values.pop("skip_unrenderable", False) or skip_unrenderable:
            values["skip_unrenderable"] = True
        allowed = {RunState.PAUSED, RunState.WAITING, RunState.SCHEDULED}
        return self._change(
            run_id,
            RunState.SENDING,
            allowed,
            "resumed",
            unrenderable=unrenderable,
            despite_breaker=despite_breaker,
            move_to=move_to,
            **values,
        )

    def skip_unmade(self, run_id: int, now: Instant) -> int:
        """Skip the run's recipients whose mail can't be rendered; returns their number."""
        with self._database.write_connection() as connection:
            return skip_unmade(connection, run_id, now)

    def cancel(self, run_id: int, now: Instant) -> Run:
        """End the run; pending recipients are skipped, calls in flight still get their answers."""
        allowed = set(RunState) - ENDED_RUN_STATES
        return self._change(run_id, RunState.CANCELLED, allowed, "cancelled", finished_at=now)

    def _change(
        self,
        run_id: int,
        state: RunState,
        allowed: Collection[RunState],
        done: str,
        *,
        unrenderable: Reasons | None = None,
        at: Instant | None = None,
        despite_breaker: Clock | None = None,
        move_to: tuple[str, Clock] | None = None,
        **values: Any,
    ) -> Run:
        """Set the run's state and columns ``values``; records a hold if ``at`` is given."""
        with self._database.write() as session:
            run = session.get(Run, run_id, with_for_update=True)
            if run is None:
                raise _no_run(run_id)
            if run.state not in allowed:
                called = label_of(run).capitalize()
                raise StateError(f"{called} is {run.state}; it can't be {done}.")
            if state is RunState.SENDING and run.reason == PauseReason.BREAKER:
                if despite_breaker is None:
                    raise breaker_error(run)
                now = ledger_now(session.connection(), despite_breaker)  # as deliveries have it
                run.breaker_since, run.warning = now, ""
            if move_to is not None:
                run.account, clock = move_to
                run.account_since, run.checker = ledger_now(session.connection(), clock), ""
            run.state, run.reason, run.detail, run.resume_at = state.value, "", "", None
            for name, value in values.items():
                setattr(run, name, value)
            leave_out(session.connection(), run, unrenderable or {})
            session.add(run)
            session.flush()
            if at is not None:
                label = "paused" if run.state == RunState.PAUSED else run.reason
                note_hold(session.connection(), run_id, label, at)
            if run.state == RunState.SENDING and not run.pending and not run.sending:
                # The last answers came while it was paused.
                finish_if_done(session.connection(), run_id, _last_claim(session, run))
            elif run.state == RunState.CANCELLED:
                skip_pending(session.connection(), run_id)
            session.refresh(run)
        return run

    def quota_frees_at(self, now: Instant) -> Instant | None:
        """When our oldest mail of the last 24 hours leaves the rolling window; None for no mail.

        See :mod:`sestui.store.ledger.sent_since` for its precision.
        """
        with self._database.read() as session:
            first = session.scalar(_FIRST_SENT, {"since": now - _DAY, "recent": now - 2 * _DAY})
        return None if first is None else first + _DAY


def _no_run(run_id: int) -> NotFoundError:
    return NotFoundError(f"There is no run with id {run_id}.")


def breaker_error(run: Run) -> BreakerError:
    """Why a run that the breaker has paused isn't simply resumed."""
    return BreakerError(
        f"The breaker has paused run {run.number}: {run.detail} Find out where these addresses "
        "come from first: SES would pause the whole account.",
        by_option="--despite-breaker continues it anyway.",
    )


def _last_claim(session: Session, run: Run) -> Instant:
    """When a delivery of the run was last claimed, or else its creation."""
    last = session.exec(
        select_model(func.max(Delivery.claimed_at)).where(Delivery.run_id == run.id)
    ).one()
    return last or run.created_at
