"""Create rows of runs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from sestui.core.campaign.fields import CAMPAIGN_FIELDS
from sestui.core.clock import Instant
from sestui.core.delivery.states import AUDIENCES, RunKind, RunState, run_name
from sestui.core.delivery.variants import VARIANTS
from sestui.core.schedule.cron import Occurrence
from sestui.store.db.tables import Campaign, Delivery, Run


def sent_fields(campaign: Campaign | Run) -> dict[str, Any]:
    """The fields that a run copies from its campaign, as the one or the other has them."""
    sent = (name for name, each in CAMPAIGN_FIELDS.items() if each.sent)
    return {"message_id": campaign.message_id, **{name: getattr(campaign, name) for name in sent}}


def resumed_fields(campaign: Campaign) -> dict[str, Any]:
    """The fields that a run copies anew when it is resumed.

    Its split stays: some have got these subjects, and know them by their letters. So does its
    holdout: some are held out by it, and nobody else would be compared with them.
    """
    stay = ("split", "holdout")
    return {name: each for name, each in sent_fields(campaign).items() if not name.startswith(stay)}


def new_run(
    campaign: Campaign, now: Instant, kind: RunKind, scheduled_for: Occurrence | None
) -> Run:
    """A new sending run, without its number."""
    return Run(
        campaign_id=campaign.id,
        number=0,
        kind=kind.value,
        state=RunState.SENDING.value,
        created_at=now,
        started_at=now,
        scheduled_for=None if scheduled_for is None else scheduled_for.at,
        occurrence=None if scheduled_for is None else scheduled_for.name,
        # Tests go at once.
        due_time=campaign.local_time if kind is RunKind.CAMPAIGN else "",
        **sent_fields(campaign),
    )


def test_deliveries(run: Run, recipients: Sequence[tuple[str, int | None]]) -> list[Delivery]:
    """The deliveries of a test, of a split one for each variant: address, and contact shown.

    Without contact ids, which must be unique within a run.
    """
    return [
        Delivery(
            run_id=run.id,
            email=address,
            shown_as=contact_id,
            queued_at=run.created_at,
            variant=variant,
        )
        for address, contact_id in recipients
        for variant in (VARIANTS[: len(run.split)] or [None])
    ]


def label_of(run: Run) -> str:
    """``run 3``, ``test 1``."""
    return run_name(run.kind, abs(run.number))


def number_run(session: Session, run: Run) -> None:
    """Insert the run with its campaign's next number.

    Tests and notices take no number of a run's: theirs are stored as negative ones, and shown
    without the sign. Older versions numbered them among the runs.
    """
    own, highest = col(Run.campaign_id) == run.campaign_id, func.max(Run.number)
    if run.kind in AUDIENCES:
        run.number = max(0, session.exec(select(highest).where(own)).one() or 0) + 1
    else:
        highest = func.max(func.abs(Run.number))
        others = col(Run.kind).not_in(AUDIENCES)
        run.number = -(session.exec(select(highest).where(own, others)).one() or 0) - 1
    session.add(run)
    session.flush()
