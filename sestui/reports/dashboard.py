"""The dashboard: needs, active and recent runs, and the agenda."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.states import (
    GOING_RUN_STATES,
    NAMED_BY_CAMPAIGN,
    OPERATOR_WAITS,
    PauseReason,
    RunKind,
    RunState,
)
from sestui.reports.overview import RunView, run_view
from sestui.ses_api.relay_admission import QueueDepth
from sestui.store.contacts.imports import Imports
from sestui.store.contacts.tables import ImportRecord
from sestui.store.relay.mails import RelayedMails
from sestui.store.runs.run_lists import NamedRun, RecentRuns
from sestui.store.tasks.failing import FailingTask
from sestui.tasks.agenda import Agenda

_DAY_SECONDS = 86_400.0
_RECENT = 16


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs the operator."""

    subject: str
    """A run, a file or a task."""
    sentence: str
    run: RunView | None = None
    import_id: int | None = None
    task: str = ""
    """The name of a task that failed."""
    at: Instant | None = None
    """When that was."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard's content, with the most urgent first in each part."""

    needs: tuple[Need, ...]
    going: tuple[RunView, ...]
    """Runs that send or wait."""
    agenda: Agenda
    recent: tuple[RunView, ...]
    """Runs that ended."""
    queues: Mapping[int, QueueDepth]
    """The waiting mails of relays' runs, by run id; empty queues are left out."""


def dashboard(
    runs: RecentRuns,
    imports: Imports,
    relayed: RelayedMails,
    agenda: Agenda,
    failing: Sequence[FailingTask] = (),
) -> Dashboard:
    """Read the dashboard; cheap enough for once a second."""
    unsettled, ended = runs.shown(_RECENT)
    found = _views(unsettled)
    needs = [need for view in found if view.kind in NAMED_BY_CAMPAIGN for need in needs_of(view)]
    needs += [_need_of_task(task) for task in failing]
    needs += [_need_of_import(record) for record in imports.unseen()]
    return Dashboard(
        needs=tuple(needs),
        going=tuple(view for view in found if not view.has_ended and view.state != RunState.PAUSED),
        agenda=agenda,
        recent=_views(ended),
        queues=relayed.queues() if any(view.kind == RunKind.RELAY for view in found) else {},
    )


def needs_of(run: RunView) -> list[Need]:
    """The needs of this run."""
    needs = []
    title = run_title(run)
    if run.state == RunState.PAUSED:
        why = run.detail or "Paused."
        own = run.reason == PauseReason.OPERATOR
        needs.append(Need(title, f"{why} Resume or cancel it." if own else why, run))
    elif run.state == RunState.WAITING and run.reason in OPERATOR_WAITS:
        needs.append(Need(title, run.detail, run))
    elif run.warning and run.state in GOING_RUN_STATES:
        needs.append(Need(title, f"{run.warning} It goes on unless you pause it.", run))
    if run.counts.in_doubt:
        who = "1 recipient" if run.counts.in_doubt == 1 else f"{run.counts.in_doubt:,} recipients"
        sentence = f"{who} in doubt: decide whether to assume them sent or to resend."
        needs.append(Need(title, sentence, run))
    return needs


def run_title(run: RunView) -> str:
    """``november-news · run 3``."""
    return f"{run.campaign} · {run.label}"


def _need_of_import(record: ImportRecord) -> Need:
    rows = "1 row was" if record.rejects == 1 else f"{record.rejects:,} rows were"
    sentence = f"{rows} rejected by the import into {record.list_name}."
    return Need(record.file_name, sentence, import_id=record.id)


def _need_of_task(task: FailingTask) -> Need:
    sentence = f"{task.state.label}: {task.detail}" if task.detail else f"{task.state.label}."
    return Need(task.name, sentence, task=task.name, at=task.finished_at)


def own_share(runs: RecentRuns, now: Instant) -> int:
    """This database's mails of the last 24 hours; SES's count above it is other services'."""
    return runs.handed_over_since(now - _DAY_SECONDS)


def _views(found: Sequence[NamedRun]) -> tuple[RunView, ...]:
    return tuple(run_view(run, name) for run, name in found)
