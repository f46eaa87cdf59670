"""Whether a campaign's run may be started now, within the transaction that starts it."""

from collections.abc import Iterable

from sqlalchemy import or_
from sqlmodel import Session, col
from sqlmodel import select as select_model

from sestui.core.campaign.audience import Audience
from sestui.core.contact.address_check import address_key
from sestui.core.delivery.states import (
    ENDED_RUN_STATES,
    RunKind,
)
from sestui.core.schedule.cron import Occurrence
from sestui.errors import (
    ConflictError,
    NotFoundError,
    SentBeforeError,
    StateError,
)
from sestui.store.campaigns.campaigns import refuse_archived
from sestui.store.contacts.erased import hold_off_erasure, refuse_erased
from sestui.store.db.tables import Campaign, Run


def has_occurred(session: Session, campaign: Campaign, scheduled_for: Occurrence | None) -> bool:
    """Whether the occurrence has been started; False for None."""
    if scheduled_for is None:
        return False
    run = session.exec(
        select_model(Run.id)
        .where(
            Run.campaign_id == campaign.id,
            or_(
                col(Run.occurrence) == scheduled_for.name,
                # A run from before occurrences had names.
                col(Run.occurrence).is_(None) & (col(Run.scheduled_for) == scheduled_for.at),
            ),
        )
        .limit(1)
    ).first()
    return run is not None


def refuse_unstartable(
    session: Session,
    campaign: Campaign,
    *,
    lock: bool = True,
    for_audience: bool = False,
    to: Iterable[str] = (),
) -> None:
    """Start nothing of a campaign that has been deleted or archived since it was read.

    Nor to addresses that were erased on request; nobody is erased until the transaction ends. Nor,
    ``for_audience``, if it has another by now: a list may have been renamed or merged while the
    mails were checked, and its old name would mean nobody.
    """
    if lock:
        hold_off_erasure(session.connection())
    for address in to:
        refuse_erased(session.connection(), address_key(address))
    found = session.get(Campaign, campaign.id, with_for_update=lock)
    if found is None:
        raise NotFoundError(f"The campaign {campaign.name} has been deleted.")
    refuse_archived(found)
    if for_audience and Audience.of(found) != Audience.of(campaign):
        raise ConflictError(
            f"The audience of {campaign.name} has been changed since it was checked; start it anew."
        )


def refuse_repeat(session: Session, campaign: Campaign, *, again: bool) -> None:
    """Raise if the campaign has an open run, or was sent and ``again`` is false."""
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
            f"{campaign.name} has been sent before ({_sent_so_far(session, campaign)}).",
            by_option="To mail its whole audience again, add --again; to mail only those who "
            "have not received it, add --only unreceived.",
        )


def _sent_so_far(session: Session, campaign: Campaign) -> str:
    """What the campaign's runs sent: the newest may be a follow-up to one, and tells little."""
    runs = session.exec(
        select_model(Run.number, Run.accepted).where(
            Run.campaign_id == campaign.id, Run.kind == RunKind.CAMPAIGN.value
        )
    ).all()
    number, most = max(runs, key=lambda run: (run[1], -run[0]))
    if len(runs) == 1:
        return f"run {number}: {most:,} accepted"
    whole = sum(accepted for _, accepted in runs)
    return f"{len(runs):,} runs, {whole:,} accepted, {most:,} of them in run {number}"
