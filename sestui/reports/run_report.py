"""What became of a run, and of the campaign's runs before it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sestui.core.clock import Instant, iso
from sestui.core.delivery.states import AUDIENCES
from sestui.errors import NotFoundError, StateError
from sestui.reports.split_report import SplitReport
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.events.run_outcomes import RunOutcomes, run_outcomes
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.held_out import HoldoutComparison, compare_held_out
from sestui.store.runs.runs import Runs, counts_of

_EARLIER = 5
_LOOKED_AT = 200
"""Runs of a campaign, tests and notices included, among which the report's is looked for."""


@dataclass(frozen=True, slots=True)
class ReportTotals:
    """A run's counters."""

    run: int
    state: str
    started_at: Instant | None
    finished_at: Instant | None
    audience: int
    accepted: int
    rejected: int
    in_doubt: int
    skipped: int
    delivered: int
    bounced: int
    complained: int
    failed: int
    opened: int
    clicked: int

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        times = {
            "started_at": iso(self.started_at) or None,
            "finished_at": iso(self.finished_at) or None,
        }
        return asdict(self) | times


@dataclass(frozen=True, slots=True)
class RunReport:
    """A report of one run."""

    campaign: str
    totals: ReportTotals
    warning: str
    """What the breaker has said of it."""
    outcomes: RunOutcomes
    skipped_for: Mapping[str, int]
    """Its skipped recipients by ``SkipReason``."""
    holdout: HoldoutComparison | None
    """Whom it mailed beside whom it held out; None if it holds nobody out."""
    split: SplitReport | None
    """How its subjects have done; None if it has one only."""
    earlier: Sequence[ReportTotals]
    """The last runs before it, newest first."""

    @property
    def has_events(self) -> bool:
        """Whether SES has reported anything of its mails."""
        totals = self.totals
        return bool(totals.delivered or totals.bounced or totals.failed or totals.opened)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``; instants in ISO 8601."""
        found = self.outcomes
        return {
            "campaign": self.campaign,
            **self.totals.as_dict(),
            "warning": self.warning,
            "split": self.split.as_dict() if self.split is not None else None,
            "bounces": [asdict(each) for each in found.bounces],
            "complaints": [{"domain": name, "count": count} for name, count in found.complaints],
            "links": [asdict(each) for each in found.links],
            "other_links": asdict(found.other_links),
            "machine_opens": found.machine_opens,
            "machine_clicks": found.machine_clicks,
            "hours": [asdict(each) | {"at": iso(each.at)} for each in found.hours],
            "skipped_for": dict(self.skipped_for),
            "holdout": asdict(self.holdout) if self.holdout is not None else None,
            "earlier": [each.as_dict() for each in self.earlier],
        }


def run_report(database: Database, campaign: str, number: int | None = None) -> RunReport:
    """Report the campaign's newest run that is no test, or its run ``number``.

    Raises:
        NotFoundError: there is no such campaign or run.
        StateError: the campaign has no run.
    """
    with database.snapshot():
        found = Campaigns(database).get(campaign)
        runs = Runs(database).of_campaign(found.id, limit=_LOOKED_AT)
        mailed = [run for run in runs if run.kind in AUDIENCES]
        chosen = _numbered(runs, number) if number else mailed[:1]
        if not chosen and number:
            raise NotFoundError(f"{campaign} has no run {number}.")
        if not chosen:
            raise StateError(f"{campaign} has no run yet; `sestui send {campaign}` starts one.")
        run = chosen[0]
        earlier = [each for each in mailed if each.number < run.number][:_EARLIER]
        return RunReport(
            campaign=found.name,
            totals=_totals(run),
            warning=run.warning,
            outcomes=run_outcomes(database, run.id),
            skipped_for=Deliveries(database).skipped_for(run.id),
            holdout=compare_held_out(database, run),
            split=SplitReport.of(database, run),
            earlier=[_totals(each) for each in earlier],
        )


def _numbered(runs: Sequence[Run], number: int) -> list[Run]:
    """Those of that number: the run before the test, whose number is negative."""
    found = [run for run in runs if abs(run.number) == number]
    return sorted(found, key=lambda run: run.number, reverse=True)


def _totals(run: Run) -> ReportTotals:
    return ReportTotals(
        run=abs(run.number),
        state=run.state,
        started_at=run.started_at,
        finished_at=run.finished_at,
        audience=counts_of(run).audience,
        accepted=run.accepted,
        rejected=run.rejected,
        in_doubt=run.in_doubt,
        skipped=run.skipped,
        delivered=run.delivered,
        bounced=run.bounced,
        complained=run.complained,
        failed=run.failed,
        opened=run.opened,
        clicked=run.clicked,
    )
