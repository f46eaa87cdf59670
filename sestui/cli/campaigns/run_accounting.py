"""A run's accounting, and the exit code that its state means."""

from typing import TYPE_CHECKING

from sestui.core.delivery.states import OPERATOR_WAITS, DeliveryState, RunState
from sestui.errors import EXIT_DONE, EXIT_FAILED, EXIT_NEEDS_OPERATOR, EXIT_TRY_AGAIN

if TYPE_CHECKING:
    from sestui.reports.overview import RunView


def accounting(run: "RunView") -> list[str]:
    """A run's accounting, a line each: state, and counts that add up to the audience."""
    counts = run.counts
    reason = f" ({run.reason})" if run.reason else ""
    lines = [f"{f'run {run.number}':<9} {run.state}{reason}"]
    if run.detail:
        lines.append(f"          {run.detail}")
    if run.warning:
        lines.append(f"warning   {run.warning}")
    if run.allowed and run.allowed.sentence():
        lines.append(f"rate      {run.allowed.sentence()}")
    if run.average_rate is not None:
        lines.append(f"rate      {run.average_rate:,.1f}/s on average")
    lines.append(f"done      {run.progress.percent:>9}")
    lines.append(f"audience  {counts.audience:>9,}")
    lines += [f"{state.label:<9} {counts.as_dict()[state]:>9,}" for state in DeliveryState]
    if counts.unchecked:
        lines.append(f"unchecked {counts.unchecked:>9,} of the pending")
    known = counts.outcomes() if any(counts.outcomes().values()) else {}
    return lines + [f"{outcome:<10}{count:>9,}" for outcome, count in known.items()]


def exit_code(run: "RunView") -> int:
    """The command's exit code for the run's state."""
    if run.state == RunState.FINISHED:
        return EXIT_NEEDS_OPERATOR if run.counts.in_doubt else EXIT_DONE
    if run.state == RunState.PAUSED or run.reason in OPERATOR_WAITS:
        return EXIT_NEEDS_OPERATOR
    if run.state == RunState.CANCELLED:
        return EXIT_FAILED
    return EXIT_TRY_AGAIN
