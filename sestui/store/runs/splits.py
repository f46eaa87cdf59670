"""Splits of runs: who has clicked which subject, and the winner that the rest gets."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import case, func, select, true
from sqlmodel import Session, col
from sqlmodel import select as select_model

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import Instant
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.split_statistics import VariantClicks, verdict
from sestui.core.delivery.states import (
    ENDED_RUN_STATES,
    OPEN_STATES,
    SPLIT_WAITS,
    DeliveryState,
    RunState,
    WaitReason,
)
from sestui.core.delivery.variants import VARIANTS
from sestui.errors import StateError
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.course import note_hold
from sestui.store.ledger.transitions import finish_if_done

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_HAS_VARIANT = _DELIVERY.c.variant.is_not(None)
_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class VariantOutcomes:
    """What became of the mails of one variant."""

    variant: str
    subject: str
    recipients: int = 0
    accepted: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0

    @property
    def clicks(self) -> VariantClicks:
        """What is compared."""
        return VariantClicks(self.variant, self.accepted, self.clicked)


def begin_split(session: Session, run: Run, only: Only | None) -> None:
    """Let the rest of a run that starts wait for the winner of its split.

    A follow-up learns nothing anew: it sends what the last winner was, or else the first subject.
    """
    if run.split and only is not None:
        run.winner, run.winner_why = _last_winner(session, run)
        run.winner_at = run.created_at
    elif run.split:
        run.awaits_winner = run.split_share < 100


def _last_winner(session: Session, run: Run) -> tuple[str, str]:
    earlier = session.exec(
        select_model(Run)
        .where(Run.campaign_id == run.campaign_id, Run.id != run.id, Run.winner != "")
        .order_by(col(Run.id).desc())
        .limit(1)
    ).first()
    if earlier is not None:
        subject = earlier.split[VARIANTS.index(earlier.winner)]
        if subject in run.split:
            letter = VARIANTS[run.split.index(subject)]
            return letter, f"{letter} was the winner of run {earlier.number}."
    return VARIANTS[0], "A follow-up gets the first subject, as no run has a winner."


class Splits:
    """The splits of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def outcomes(self, run: Run) -> list[VariantOutcomes]:
        """What became of each variant's mails, those who got the winner later left out."""
        with self._database.read() as session:
            return _outcomes(session, run)

    def is_sent(self, run_id: int) -> bool:
        """Whether everybody who gets a variant before the winner is chosen has been dealt with."""
        with self._database.read() as session:
            return not _any(session, run_id, OPEN_STATES)

    def await_winner(
        self, run_id: int, now: Instant, detail: Callable[[Instant | None], str]
    ) -> bool:
        """Let a sending run wait for its winner once its variants have been sent; whether it does.

        ``detail`` is the reason as a sentence, by when the winner is chosen (None: by hand).
        """
        with self._database.write() as session:
            run = session.get(Run, run_id, with_for_update=True)
            if run is None or run.state != RunState.SENDING or not run.awaits_winner:
                return False
            if _any(session, run_id, OPEN_STATES):
                return False
            if run.winner_due_at is None and run.split_hours is not None:
                has_clicks_to_come = _any(session, run_id, {DeliveryState.ACCEPTED})
                run.winner_due_at = now + (run.split_hours * _HOUR if has_clicks_to_come else 0)
            reason = WaitReason.WINNER if run.winner_due_at is None else WaitReason.SPLIT
            run.state, run.reason = RunState.WAITING.value, reason.value
            run.detail, run.resume_at = detail(run.winner_due_at), run.winner_due_at
            session.add(run)
            session.flush()
            note_hold(session.connection(), run_id, run.reason, now)
        return True

    def choose(self, run_id: int, now: Instant, variant: str = "", *, by: str = "") -> Run:
        """Choose the winner, once: ``variant``, or else what the clicks say, or else the first.

        In one transaction with their count. A run that waits for it goes on; a paused one, once it
        is resumed. ``by`` names whoever has chosen ``variant``.

        Raises:
            StateError: there is nothing to choose, or no such variant.
        """
        with self._database.write() as session:
            run = session.get(Run, run_id, with_for_update=True)
            if run is None or not run.awaits_winner or run.state in ENDED_RUN_STATES:
                raise StateError(_nothing_to_choose(run))
            letters = VARIANTS[: len(run.split)]
            if variant and variant not in letters:
                raise StateError(f"It has no variant {variant!r}; it has {', '.join(letters)}.")
            said = verdict([each.clicks for each in _outcomes(session, run)])
            run.winner = variant or said.winner or letters[0]
            run.winner_at, run.awaits_winner = now, False
            how = f"{run.winner} was chosen by {by}." if variant else ""
            if not variant and not said.winner:
                how = f"The rest gets the first subject, {run.winner}."
            run.winner_why = f"{said.sentence} {how}".rstrip()
            if run.state == RunState.WAITING and run.reason in SPLIT_WAITS:
                run.state = RunState.SENDING.value
                run.reason, run.detail, run.resume_at = "", "", None
            session.add(run)
            session.flush()
            finish_if_done(session.connection(), run_id, now)  # there may be no rest
            session.refresh(run)
        return run


def _nothing_to_choose(run: Run | None) -> str:
    if run is None or not run.split:
        return "It has no split: there is no winner to choose."
    if run.winner:
        return f"{run.winner} is the winner already. {run.winner_why}"
    if run.state in ENDED_RUN_STATES:
        return f"It is {run.state}: nobody is left to get the winner."
    return "Its split has taken everybody: nobody is left to get the winner."


def _any(session: Session, run_id: int, states: Collection[DeliveryState]) -> bool:
    """Whether a delivery of the split is in one of these states."""
    wanted = _DELIVERY.c.state.in_(sorted(state.value for state in states))
    one = select(_DELIVERY.c.id).where(_DELIVERY.c.run_id == run_id, _HAS_VARIANT, wanted).limit(1)
    return session.connection().execute(one).first() is not None


def _outcomes(session: Session, run: Run) -> list[VariantOutcomes]:
    accepted = _DELIVERY.c.state == DeliveryState.ACCEPTED.value
    counts = (
        func.count(),
        *(
            func.count(case((accepted & which, 1)))
            for which in (
                true(),
                _DELIVERY.c.outcome == DeliveryOutcome.DELIVERED.value,
                _DELIVERY.c.opened_at.is_not(None),
                _DELIVERY.c.clicked_at.is_not(None),
            )
        ),
    )
    counted = (
        select(_DELIVERY.c.variant, *counts)
        .where(_DELIVERY.c.run_id == run.id, _HAS_VARIANT)
        .group_by(_DELIVERY.c.variant)
    )
    found = {letter: numbers for letter, *numbers in session.connection().execute(counted)}
    return [
        VariantOutcomes(letter, subject, *found.get(letter, ()))
        for letter, subject in zip(VARIANTS, run.split, strict=False)
    ]
