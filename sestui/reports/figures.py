"""Figures of a period, for people."""

from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.runs.statistics import CampaignFigures, figures_since


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """The figures of sends since an instant."""

    runs: int
    accepted: int
    lines: tuple[str, ...]
    """A sentence for each campaign."""
    table: tuple[tuple[str, str], ...]
    """The totals."""


def period_figures(database: Database, since: Instant) -> PeriodFigures:
    """The figures of campaigns since that instant."""
    found = figures_since(database, since)
    sums = {
        "campaigns": len(found),
        "runs": sum(each.runs for each in found),
        "accepted": sum(each.accepted for each in found),
        "rejected": sum(each.rejected for each in found),
        "in doubt": sum(each.in_doubt for each in found),
        "skipped": sum(each.skipped for each in found),
        "to be sent": sum(each.pending for each in found),
    }
    return PeriodFigures(
        runs=sums["runs"],
        accepted=sums["accepted"],
        lines=tuple(map(_sentence, found)) or ("No campaigns were sent.",),
        table=tuple((label, f"{count:,}") for label, count in sums.items()),
    )


def _sentence(each: CampaignFigures) -> str:
    runs = "1 run" if each.runs == 1 else f"{each.runs:,} runs"
    return (
        f"{each.campaign}: {runs}, {each.accepted:,} accepted, {each.rejected:,} rejected, "
        f"{each.in_doubt:,} in doubt, {each.skipped:,} skipped, {each.pending:,} to be sent."
    )
