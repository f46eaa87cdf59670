"""Mail notices to the operators, such as the end of a run with its figures and rejects."""

import csv
import io
from collections.abc import Callable, Sequence

from sestui.core.clock import Clock, Instant
from sestui.core.content.notice import Notice
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.mail import MailAttachment
from sestui.core.delivery.states import DeliveryState
from sestui.core.spreadsheet import guarded
from sestui.reports.overview import RunView, run_view
from sestui.reports.report_tables import as_text
from sestui.reports.run_report import RunReport, run_report
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.runs.notices import NoticeRuns
from sestui.store.runs.runs import Runs

MOST_REJECTS = 50_000
"""The most rows of the attached CSV; the sent log has all."""

_TROUBLES = (DeliveryState.REJECTED, DeliveryState.IN_DOUBT)
_COLUMNS = ("email", "state", "code", "reason")


class Notices:
    """Writes notices into the ledger; ``local`` formats instants in the operator's zone."""

    def __init__(self, database: Database, clock: Clock, local: Callable[[Instant], str]) -> None:
        self._database = database
        self._runs = Runs(database)
        self._campaigns = Campaigns(database)
        self._deliveries = Deliveries(database)
        self._notices = NoticeRuns(database)
        self._clock = clock
        self._local = local

    def announce(self) -> int:
        """Write the notices of finished runs, each once; returns their number.

        Cheap if there is none: one query by an index.
        """
        return sum(self._announce(run_id) for run_id in self._notices.owed())

    def post(self, notice: Notice, recipients: Sequence[str], *, from_address: str) -> int:
        """Write any other notice; returns the id of its run."""
        return self._notices.post(
            notice, recipients, from_address=from_address, now=self._clock.now()
        )

    def _announce(self, run_id: int) -> bool:
        run = self._runs.get(run_id)
        campaign = self._campaigns.by_id(run.campaign_id)
        report = run_report(self._database, campaign.name, run.number)
        notice = self._of_end(run_view(run, campaign.name), report)
        return self._notices.announce(run_id, notice, campaign.notify, self._clock.now())

    def _of_end(self, run: RunView, report: RunReport) -> Notice:
        lines = [f"Run {run.number} of the campaign {run.campaign} has finished."]
        if run.counts.rejected or run.counts.in_doubt:
            lines.append("The attached file lists who was rejected or is in doubt.")
        if run.counts.in_doubt:
            lines.append(
                f"Those in doubt may have received it: `sestui campaign resolve {run.campaign}` "
                "resolves them."
            )
        rejects, whole = self._rejects(run)
        if not whole:
            lines.append(
                f"The file lists the first {MOST_REJECTS:,}; `sestui export deliveries` exports "
                "them all."
            )
        counts, shown = run.counts, report.has_events or report.split is not None
        return Notice(
            subject=f"{run.campaign} run {run.number}: {counts.accepted:,} of "
            f"{counts.audience:,} accepted",
            lines=tuple(lines),
            figures=(*self._times(run), *figures_of(counts)),
            report=tuple(as_text(report, self._local)) if shown else (),
            attachments=rejects,
        )

    def _times(self, run: RunView) -> tuple[tuple[str, str], ...]:
        times = (("started", run.started_at), ("finished", run.finished_at))
        return tuple((label, self._local(at)) for label, at in times if at is not None)

    def _rejects(self, run: RunView) -> tuple[tuple[MailAttachment, ...], bool]:
        """The CSV of rejected and doubtful recipients, and whether it has all of them."""
        if not (run.counts.rejected or run.counts.in_doubt):
            return (), True
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        left = MOST_REJECTS
        for state in _TROUBLES:
            rows = self._deliveries.of_run(run.id, state=state, limit=left) if left else ()
            for row in rows:
                writer.writerow(map(guarded, (row.email, row.state, row.code, row.reason)))
            left -= len(rows)
        whole = run.counts.rejected + run.counts.in_doubt <= MOST_REJECTS
        name = f"{run.campaign}-run-{run.number}-rejects.csv"
        return (MailAttachment(name, "text/csv", out.getvalue().encode()),), whole


def figures_of(counts: RunCounts) -> tuple[tuple[str, str], ...]:
    """The counts as a table."""
    return (
        ("recipients", f"{counts.audience:,}"),
        *((state.label, f"{counts.as_dict()[state]:,}") for state in DeliveryState),
    )
