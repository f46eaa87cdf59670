"""The findings of a check that rendered recipients' mails, and findings as JSON."""

from collections.abc import Iterable, Sequence

from sestui.compose.render_check import CheckReport
from sestui.core.content.lint.findings import Examined, Finding, Severity, clipped


def of_recipients(report: CheckReport, checked: Examined) -> Iterable[Finding]:
    """The findings of rendering for everybody."""
    for each in report.problems:
        of = f"{each.count:,} of {report.checked:,}" if report.checked > 1 else "1"
        yield Finding(
            each.where,
            f"{each.problem} (for {of}: {each.whom})",
            each.line,
            Severity.ERROR,
            checked.at(each.where, each.line, each.problem),
        )
    if report.clipped:
        many = report.clipped > 1
        yield clipped(report.largest, f" for {report.clipped:,} recipients at most" if many else "")
    yield from _of_addresses(report)


def _of_addresses(report: CheckReport) -> Iterable[Finding]:
    """What a sender should know of the recipients' addresses."""
    notes = (
        (report.roles, "of a function (info@, sales@): several people may read it, and complain"),
        (report.disposable, "at a domain for throw-away mailboxes, which nobody may read any more"),
    )
    for count, what in notes:
        if count:
            have = "has an address" if count == 1 else "have an address"
            yield Finding("", f"{count:,} of {report.checked:,} recipients {have} {what}")


def as_dicts(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """For ``--json``: an object each, with None for no position."""
    return [
        {
            "severity": each.severity.value,
            "part": each.where,
            "line": each.line,
            "column": each.column,
            "problem": each.problem,
        }
        for each in findings
    ]
