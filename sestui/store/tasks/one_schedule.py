"""Ensure that a campaign is scheduled either by itself or by tasks, not both.

Both would mail everybody twice. Each looks for the other in the transaction that schedules.
"""

from collections.abc import Collection

from sqlmodel import Session, col, select

from sestui.core.clock import iso
from sestui.core.task.fields import CAMPAIGN_TYPE, TaskFields, campaign_of
from sestui.core.text import printable
from sestui.errors import StateError
from sestui.store.db.tables import Campaign
from sestui.store.tasks.tables import Task


def started_by_task(session: Session, campaign: str, besides: Collection[str] = ()) -> str:
    """A sentence about an active task (not in ``besides``) that starts the campaign, or ''."""
    tasks = session.exec(
        select(Task)
        .where(Task.type == CAMPAIGN_TYPE, col(Task.active), col(Task.name).not_in(list(besides)))
        .order_by(col(Task.name))
    ).all()
    for task in tasks:
        if campaign_of(task.type, task.parameters) == campaign:
            return (
                f"{printable(campaign)} is scheduled already, by the task {task.name} "
                f"({printable(task.schedule)}); switch that task off, or leave out the campaign's "
                "own schedule."
            )
    return ""


def refuse_second_way(session: Session, campaign: str, besides: Collection[str] = ()) -> None:
    """Refuse a schedule of a campaign that a task starts.

    Raises:
        StateError: as :func:`started_by_task`.
    """
    if why := started_by_task(session, campaign, besides):
        raise StateError(why)


def starts_by_itself(session: Session, task: TaskFields, *, lock: bool = False) -> str:
    """A sentence about the schedule or future start of the campaign that a task starts, or ''.

    ``lock`` locks the campaign's row, so that nobody schedules it meanwhile.
    """
    query = select(Campaign).where(Campaign.name == task.campaign)
    campaign = session.exec(query.with_for_update() if lock else query).one_or_none()
    if campaign is None or campaign.next_due_at is None:
        return ""
    own = f"schedule ({printable(campaign.schedule)})"
    if not campaign.schedule:
        own = f"start ({campaign.next_occurrence or iso(campaign.next_due_at)})"
    return (
        f"{printable(campaign.name)} is scheduled already, by its own {own}; take that out of the "
        f"campaign, or leave the task {task.name} off."
    )


def refuse_second_way_by_task(session: Session, task: TaskFields) -> None:
    """Refuse a task that starts a campaign with its own schedule or start.

    Raises:
        StateError: as :func:`starts_by_itself`.
    """
    if why := starts_by_itself(session, task, lock=True):
        raise StateError(why)
