"""Campaigns copied, renamed, archived and deleted, with all that names them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, Table, func
from sqlmodel import Session, SQLModel, col, delete, select

from sestui.core.campaign.values import BadValue, campaign_name, possible_name
from sestui.core.clock import Instant
from sestui.core.delivery.states import ENDED_RUN_STATES, RunKind
from sestui.core.segments.names import Refers
from sestui.core.task.fields import CAMPAIGN_TYPE, campaign_of
from sestui.core.text import printable
from sestui.errors import NotFoundError, StateError, UsageError
from sestui.store.campaigns.campaigns import fields_of
from sestui.store.db.database import Database
from sestui.store.db.row_values import to_row
from sestui.store.db.tables import Campaign, Run
from sestui.store.segments.campaign_segments import campaigns_naming, rename_in_campaigns
from sestui.store.segments.segments import rename_in_segments, segments_naming
from sestui.store.tasks.tables import Task

_MOST_COPIES = 1_000
_RELAYED = "relay:"
"""The names of campaigns for what keys of the relay hand over begin so; no other one can."""


@dataclass(frozen=True, slots=True)
class CampaignUse:
    """A campaign's runs and tasks, which decide what can be done with it."""

    sent: int
    """Runs for an audience, whatever became of them."""
    tests: int
    """Test runs."""
    going: str
    """The run that has not ended, as a sentence; '' if there is none."""
    scheduled: bool
    """Whether it starts by itself at a time of its own."""
    tasks: tuple[str, ...]
    """Names of the tasks that start it, those that are off included."""
    active_tasks: tuple[str, ...]
    """Those of them that are on."""


class CampaignUpkeep:
    """Everything that is done to a campaign as a whole; each in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def use(self, name: str) -> CampaignUse:
        """What there is of the campaign.

        Raises:
            NotFoundError: there is none.
            StateError: it is one of sestui's own.
        """
        with self._database.read() as session:
            campaign = _own_campaign(session, name)
            return _use(session, campaign)

    def free_name(self, name: str) -> str:
        """A name that no campaign has, for a copy of that one."""
        with self._database.read() as session:
            names = set(session.exec(select(Campaign.name)))
        stem = possible_name(name)[:90]
        numbered = (f"{stem}-copy-{number}" for number in range(2, _MOST_COPIES))
        return next(each for each in (f"{stem}-copy", *numbered) if each not in names)

    def copy(self, name: str, new_name: str, now: Instant) -> Campaign:
        """A new campaign that is like that one, but never sent and not scheduled.

        Raises:
            NotFoundError: there is none.
            StateError: one has the new name, or it is one of sestui's own.
            UsageError: the new name can't be one.
        """
        with self._database.write() as session:
            campaign = _own_campaign(session, name)
            _refuse_name(session, new_name)
            fields = replace(fields_of(campaign), name=new_name, schedule="", start_at=None)
            copied = Campaign(
                message_id=campaign.message_id,
                created_at=now,
                updated_at=now,
                **{each: to_row(getattr(fields, each)) for each in fields.__slots__},
            )
            session.add(copied)
            session.flush()
            session.refresh(copied)
            return copied

    def rename(self, name: str, new_name: str, now: Instant) -> tuple[str, ...]:
        """Give the campaign another name, in segments too; runs, log and schedule stay its own.

        Returns the names of the tasks that started it by the old name, and do so by the new one.

        Raises:
            NotFoundError: there is none.
            StateError: another one has the new name, or it is one of sestui's own.
            UsageError: the new name can't be one.
        """
        with self._database.write() as session:
            campaign = _own_campaign(session, name, lock=True)
            if new_name == name:
                return ()
            _refuse_name(session, new_name)
            campaign.name, campaign.updated_at = new_name, now
            session.add(campaign)
            rename_in_segments(session.connection(), Refers.CAMPAIGN, name, new_name, now)
            session.flush()  # its own segment may name it
            rename_in_campaigns(session.connection(), Refers.CAMPAIGN, name, new_name, now)
            session.refresh(campaign)
            tasks = _tasks(session, name)
            for task in tasks:
                task.parameters = {**task.parameters, "campaign": new_name}
                task.updated_at = now
                session.add(task)
            return tuple(task.name for task in tasks)

    def archive(self, name: str, now: Instant) -> tuple[str, ...]:
        """Keep it for its history alone: nothing starts it, and lists leave it out.

        Its schedule is off, as are the tasks that start it; returns the names of those.

        Raises:
            NotFoundError: there is none.
            StateError: one of its runs has not ended, or it is one of sestui's own.
        """
        with self._database.write() as session:
            campaign = _own_campaign(session, name, lock=True)
            if going := _going(session, campaign):
                raise StateError(f"{going} Archive {printable(name)} when it has ended.")
            if campaign.archived_at is None:
                campaign.archived_at = campaign.updated_at = now
            campaign.next_due_at, campaign.next_occurrence = None, ""
            session.add(campaign)
            tasks = [task for task in _tasks(session, name) if task.active]
            for task in tasks:
                task.active, task.next_run_at, task.next_occurrence = False, None, ""
                task.updated_at = now
                session.add(task)
            return tuple(task.name for task in tasks)

    def bring_back(self, name: str, now: Instant) -> CampaignUse:
        """Take it out of the archive; schedule and tasks stay off.

        Raises:
            NotFoundError: there is none.
            StateError: it is not archived.
        """
        with self._database.write() as session:
            campaign = _own_campaign(session, name, lock=True)
            if campaign.archived_at is None:
                raise StateError(f"{printable(name)} is not archived.")
            campaign.archived_at, campaign.updated_at = None, now
            session.add(campaign)
            return _use(session, campaign)

    def delete(self, name: str) -> int:
        """Delete a campaign that was never sent, with the records of its test mails; how many runs.

        Raises:
            NotFoundError: there is none.
            StateError: it was sent, a test has not ended or is in doubt, a task starts it, a
                segment names it, or it is one of sestui's own.
        """
        with self._database.write() as session:
            campaign = _own_campaign(session, name, lock=True)
            use, shown = _use(session, campaign), printable(name)
            if use.sent:
                raise StateError(
                    f"{shown} has been sent, and its log is kept; archive it instead.",
                    by_option=f"`sestui campaign archive {shown}` does that.",
                )
            if use.going:
                raise StateError(f"{use.going} Delete {shown} when it has ended.")
            if use.tasks:
                raise StateError(
                    f"{shown} is started by {_listed(use.tasks)}; remove that first, or archive "
                    f"{shown} instead."
                )
            if naming := _naming(session, campaign):
                raise StateError(
                    f"{shown} is named by {naming}; change those first, or archive {shown} instead."
                )
            for table, column in _about_runs():
                tests = select(Run.id).where(Run.campaign_id == campaign.id)
                session.execute(table.delete().where(column.in_(tests)))
            session.exec(delete(Run).where(col(Run.campaign_id) == campaign.id))
            session.exec(delete(Campaign).where(col(Campaign.id) == campaign.id))
            return use.tests


def is_operators(campaign: Campaign) -> bool:
    """Whether it is the operator's, and not one of sestui's own."""
    return campaign.is_campaign and not campaign.name.startswith(_RELAYED)


def _own_campaign(session: Session, name: str, *, lock: bool = False) -> Campaign:
    """The operator's campaign of that name, kept until the transaction ends if it is to be."""
    query = select(Campaign).where(Campaign.name == name)
    campaign = session.exec(query.with_for_update() if lock else query).one_or_none()
    if campaign is None:
        raise NotFoundError(f"There is no campaign {printable(name)!r}.")
    if not is_operators(campaign):
        raise StateError(f"{printable(name)} is sestui's own, and stays as it is.")
    return campaign


def _refuse_name(session: Session, name: str) -> None:
    try:
        campaign_name(name)
    except BadValue as bad:
        raise UsageError(f"{bad.problem}.") from bad
    if session.exec(select(Campaign.id).where(Campaign.name == name)).first() is not None:
        raise StateError(f"There is already a campaign {name}; choose another name.")


def _about_runs() -> Iterator[tuple[Table, Column[Any]]]:
    """Every table whose rows are about a run, with the column that says which; referrers first."""
    run = SQLModel.metadata.tables["run"]
    for table in reversed(SQLModel.metadata.sorted_tables):
        for key in table.foreign_keys if table is not run else ():
            if key.column.table is run:
                yield table, key.parent


def _use(session: Session, campaign: Campaign) -> CampaignUse:
    counted = session.exec(
        select(Run.kind, func.count()).where(Run.campaign_id == campaign.id).group_by(Run.kind)
    ).all()
    runs = dict(counted)
    tests = runs.pop(RunKind.TEST.value, 0)
    tasks = _tasks(session, campaign.name)
    return CampaignUse(
        sent=sum(runs.values()),
        tests=tests,
        going=_going(session, campaign),
        scheduled=campaign.next_due_at is not None,
        tasks=tuple(task.name for task in tasks),
        active_tasks=tuple(task.name for task in tasks if task.active),
    )


def _going(session: Session, campaign: Campaign) -> str:
    """A sentence about its unfinished run; '' if there is none."""
    ended = [state.value for state in ENDED_RUN_STATES]
    run = session.exec(
        select(Run)
        .where(
            Run.campaign_id == campaign.id, col(Run.state).not_in(ended) | (col(Run.in_doubt) > 0)
        )
        .order_by(col(Run.id).desc())
        .limit(1)
    ).first()
    if run is None:
        return ""
    what = "The test" if run.kind == RunKind.TEST else f"Run {run.number}"
    of = f"{what} of {printable(campaign.name)}"
    if run.state in ended:
        return f"{of} has mail in doubt."
    return f"{of} is {run.state}."


def _naming(session: Session, campaign: Campaign) -> str:
    """``segments (adults)``: the segments, and those of other campaigns, that name the campaign."""
    connection, name = session.connection(), campaign.name
    by_kind = {
        "segments": [e.name for e in segments_naming(connection, Refers.CAMPAIGN, name)],
        "segments of campaigns": [
            each.campaign
            for each in campaigns_naming(connection, Refers.CAMPAIGN, name)
            if each.campaign_id != campaign.id
        ],
    }
    return " and ".join(
        f"{kind} ({', '.join(map(printable, names))})" for kind, names in by_kind.items() if names
    )


def _tasks(session: Session, name: str) -> list[Task]:
    """The tasks that start the campaign, by name."""
    found = session.exec(
        select(Task).where(Task.type == CAMPAIGN_TYPE).order_by(col(Task.name))
    ).all()
    return [task for task in found if campaign_of(task.type, task.parameters) == name]


def _listed(tasks: Sequence[str]) -> str:
    names = ", ".join(printable(each) for each in tasks)
    return f"the task {names}" if len(tasks) == 1 else f"the tasks {names}"
