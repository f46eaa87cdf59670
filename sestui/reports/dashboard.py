"""What an operator wants to know first: what goes on, what comes, what needs somebody."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.states import PauseReason, RunState
from sestui.reports.overview import RunView, run_view
from sestui.store.recent import NamedRun, RecentRuns

_DAY_SECONDS = 86_400.0
_COMING = 5
_RECENT = 8


@dataclass(frozen=True, slots=True)
class Need:
    """Something that goes no further without the operator."""

    sentence: str
    run: RunView


@dataclass(frozen=True, slots=True)
class Coming:
    """A campaign that starts by itself."""

    campaign: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One look across everything; each part the most pressing first."""

    needs: tuple[Need, ...]
    going: tuple[RunView, ...]
    """Runs that send or wait."""
    coming: tuple[Coming, ...]
    recent: tuple[RunView, ...]
    """Runs that ended."""


def dashboard(runs: RecentRuns) -> Dashboard:
    """Look at everything once; cheap enough for once a second."""
    going = _views(runs.going())
    return Dashboard(
        needs=tuple(need for view in _views(runs.needing()) for need in needs_of(view)),
        going=tuple(view for view in going if view.state != RunState.PAUSED),
        coming=tuple(
            Coming(campaign.name, campaign.next_due_at)
            for campaign in runs.coming(_COMING)
            if campaign.next_due_at is not None
        ),
        recent=_views(runs.ended(_RECENT)),
    )


def needs_of(run: RunView) -> list[Need]:
    """What of this run waits for the operator, as sentences."""
    needs = []
    if run.state == RunState.PAUSED:
        why = run.detail or "Paused."
        own = run.reason == PauseReason.OPERATOR
        needs.append(Need(f"{why} Resume or cancel it." if own else why, run))
    if run.counts.in_doubt:
        who = "1 recipient" if run.counts.in_doubt == 1 else f"{run.counts.in_doubt:,} recipients"
        needs.append(Need(f"{who} in doubt: say whether to assume sent or to resend.", run))
    return needs


def own_share(runs: RecentRuns, now: Instant) -> int:
    """Mails of the last 24 hours that are this database's; what SES counts beyond is others'."""
    return runs.handed_over_since(now - _DAY_SECONDS)


def _views(found: Sequence[NamedRun]) -> tuple[RunView, ...]:
    return tuple(run_view(run, name) for run, name in found)
