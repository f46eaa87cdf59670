"""Output of a campaign's checks and of skipped recipients."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say, watched
from sestui.core.delivery.holdout import holdout_sentence
from sestui.core.delivery.states import DeliveryState
from sestui.core.percent import percent
from sestui.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from sestui.compose.checks import CampaignCheck
    from sestui.core.clock import Clock
    from sestui.core.content.lint.findings import Finding
    from sestui.runtime import Runtime
    from sestui.store.db.tables import Campaign

_TELL_SECONDS = 0.25
_CLEAR = "\r\x1b[K"
"""Clears the terminal's line."""
_REASONS = 10
"""The most reasons that are listed before a start."""
_SHOWN = 20
"""The most unrenderable recipients that are listed with a run."""

SkipUnrenderable = Annotated[
    bool,
    typer.Option(
        "--skip-unrenderable",
        help="Skip recipients whose mail can't be rendered; the reason is recorded.",
    ),
]


def warn(check: "CampaignCheck") -> None:
    """Print warnings, and why recipients can't be mailed; what prevents a start is an error."""
    for each in check.warnings:
        say(f"warning: {each.sentence}")
    reasons = check.recipients.problems if check.recipients is not None else ()
    for problem in reasons[:_REASONS]:
        say(f"{problem.count:>9,} can't be mailed: {problem.sentence}")
    if len(reasons) > _REASONS:
        say(f"{sum(each.count for each in reasons[_REASONS:]):>9,} more, for other reasons")


@contextmanager
def checking(
    runtime: "Runtime", campaign: "Campaign", *, starts: bool = False
) -> Iterator[Callable[[int], None]]:
    """Report the progress of a check of everybody's mail, if anybody watches.

    ``starts``: of a large audience only the first are checked, as for a start. The block calls the
    function it gets with the number of recipients checked so far.
    """
    from sestui.compose.checks import looked_at_before  # noqa: PLC0415 - jinja2 is slow to import
    from sestui.core.campaign.audience import Audience  # noqa: PLC0415 - as above

    size = runtime.audiences.sizes([Audience.of(campaign)])[0] or 0
    now = looked_at_before(campaign, size) if starts else size
    told = CheckProgress(now, runtime.clock, later=size - now)
    try:
        yield told.report
    finally:
        told.close()


class CheckProgress:
    """The progress of a check, on a line that is cleared at its end."""

    def __init__(self, size: int, clock: "Clock", *, later: int = 0) -> None:
        """``size`` are checked now, ``later`` more while they are sent."""
        self._size = size
        self._later = later
        self._clock = clock
        self._told_at: float | None = None
        self._drawn = False

    def report(self, looked_at: int) -> None:
        """Report the number of recipients checked so far."""
        now = self._clock.monotonic()
        if self._told_at is None:
            people = "1 recipient" if self._size == 1 else f"{self._size:,} recipients"
            rest = f"; that of {self._later:,} more is checked while it is sent"
            say(f"Checking the mail of {people}{rest if self._later else ''}.")
            self._told_at = now
        if looked_at >= self._size:
            self.close()  # what comes next stands in its place
        elif watched() and now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            line = f"{looked_at:,} of {self._size:,} ({percent(looked_at, self._size)})"
            typer.echo(f"{_CLEAR}{line}", err=True, nl=False)
            self._drawn = True

    def close(self) -> None:
        """Clear the line."""
        if self._drawn:
            typer.echo(_CLEAR, err=True, nl=False)
            self._drawn = False


def check_command(
    name: Name,
    *,
    list_: Annotated[
        bool,
        typer.Option("--list", help="List every recipient whose mail can't be rendered, and why."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Write them to this file, as CSV."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a campaign with everybody's mail, and send nothing."""
    from sestui.compose.check_findings import as_dicts  # noqa: PLC0415 - jinja2 is slow to import

    failed: list[tuple[str, str]] = []
    with opened() as runtime:
        campaign = runtime.campaigns.get(name)
        wanted = list_ or as_json or out is not None
        note = (lambda *who: failed.append(who)) if wanted else None
        with checking(runtime, campaign) as progress:
            check = runtime.starter.check(campaign, note, advice=True, progress=progress)
        over = runtime.forecasts.over_limit(name)
    if out is not None:
        _write(failed, out)
    if as_json:
        people = [{"email": email, "reason": reason} for email, reason in failed]
        found = check.recipients
        put_json(
            {
                "campaign": name,
                "ok": check.ok,
                "findings": as_dicts(check.findings),
                "checked": found.checked if found is not None else 0,
                "failed": found.failed if found is not None else 0,
                "over_limit": over.recipients,
                "unrenderable": people,
            }
        )
    else:
        for each in check.findings:
            put(_line(each))
        for email, reason in failed if list_ else ():
            put(f"{email}  {reason}")
        for sentence in filter(None, (over.sentence(), holdout_sentence(campaign.holdout))):
            put(sentence)
        if all(each.severity == "hint" for each in check.findings):
            put(f"{name}: no problems found")
    raise typer.Exit(EXIT_DONE if check.ok else EXIT_FAILED)


def _write(failed: Sequence[tuple[str, str]], out: Path) -> None:
    from sestui.reports.unmailable import write_unmailable  # noqa: PLC0415 - jinja2 is slow to import

    count = write_unmailable(failed, out)
    say(f"{count:,} who can't be mailed written to {out}.")


def _line(finding: "Finding") -> str:
    """``error    body:3:7  first_name has no value``: editors and scripts can read it."""
    place = ":".join(str(part) for part in (finding.where, finding.line, finding.column) if part)
    return f"{finding.severity.value:<8} {place or '-'}  {finding.problem}"


def left_out(runtime: "Runtime", run_id: int) -> dict[str, int]:
    """The run's skipped recipients by reason."""
    return runtime.deliveries.skipped_for(run_id)


def put_left_out(reasons: dict[str, int]) -> None:
    """Print the reasons, if anybody is skipped."""
    for reason, count in sorted(reasons.items()):
        put(f"  {reason:<13} {count:>3,}")


def unmade(runtime: "Runtime", run_id: int) -> list[dict[str, Any]]:
    """The run's unrenderable recipients, skipped or still holding it."""
    return [
        {"email": row.email, "state": DeliveryState(row.state).value, "reason": row.reason}
        for row in runtime.deliveries.unmade(run_id)
    ]


def put_unmade(rows: list[dict[str, Any]]) -> None:
    """Print the first few."""
    if not rows:
        return
    put("")
    put(f"The mail could not be rendered for {len(rows):,}:")
    for row in rows[:_SHOWN]:
        put(f"  {row['email']}  {row['reason']}")
    if len(rows) > _SHOWN:
        put(f"  and {len(rows) - _SHOWN:,} more (`sestui export deliveries` lists them all)")
