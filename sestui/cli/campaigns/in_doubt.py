"""`sestui campaign resolve`: decide what becomes of deliveries that are in doubt; list them."""

import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say
from sestui.core.clock import iso
from sestui.core.delivery.states import DeliveryState
from sestui.errors import StateError, UsageError

if TYPE_CHECKING:
    from sestui.reports.overview import CampaignView, RunView
    from sestui.runtime import Runtime
    from sestui.store.ledger.doubtful import DoubtSummary

_SHOWN_IN_DOUBT = 20
_MOST_LISTED = 1000


def resolve_command(
    name: Name,
    *,
    assume_sent: Annotated[
        bool, typer.Option("--assume-sent", help="Treat them as sent; nobody gets it twice.")
    ] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="Send again; some may get it twice.")
    ] = False,
    ask_ses: Annotated[
        bool,
        typer.Option(
            "--ask-ses", help="Search SES's message insights: those it has taken are accepted."
        ),
    ] = False,
    unrecorded: Annotated[
        bool,
        typer.Option("--unrecorded", help="Only those that are offered as safe to resend."),
    ] = False,
    email: Annotated[
        list[str] | None,
        typer.Option("--email", metavar="EMAIL", help="This recipient only. Repeatable."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Resolve what is in doubt in the campaign's newest run that has any."""
    from sestui.store.ledger.in_doubt import Resolution  # noqa: PLC0415 - the database is slow to import

    _refuse_combinations(assume_sent, resend, ask_ses, unrecorded=unrecorded, emails=bool(email))
    verdict = Resolution.RESEND if resend else Resolution.ASSUME_SENT
    with opened() as runtime:
        runtime.reap_dead_workers()
        run = next((run for run in runtime.overview.runs(name) if run.counts.in_doubt), None)
        if run is None:
            raise StateError(f"Nothing is in doubt in {name}.")
        if ask_ses:
            _ask_ses(runtime, name, run.id, as_json=as_json)
            return
        safe = _safe_ids(runtime, name, run.id) if unrecorded else None
        count = runtime.doubts.count(run.id, email or ()) if safe is None else len(safe)
        if not yes:
            typer.confirm(_question(verdict, count, run), abort=True, err=True)
        count = runtime.doubts.resolve(run.id, verdict, email or (), ids=safe)
        view = runtime.overview.run(run.id)
    if as_json:
        put_json({"resolved": count, "verdict": verdict.value, "run": view.as_dict()})
    else:
        done = "to be sent again" if resend else "treated as sent"
        put(f"run {view.number} of {name}: {count:,} {done}, {view.counts.in_doubt:,} in doubt")
        if resend:
            say(f"`sestui run-due` or the app sends them; `sestui send {name}` does so now.")


def _refuse_combinations(*verdicts: bool, unrecorded: bool, emails: bool) -> None:
    """Refuse options that don't go together.

    Raises:
        UsageError: they don't; ``verdicts`` are --assume-sent, --resend and --ask-ses.
    """
    _, resend, ask_ses = verdicts
    if sum(verdicts) != 1:
        raise UsageError("Choose one of --assume-sent, --resend and --ask-ses.")
    if unrecorded and not resend:
        raise UsageError("--unrecorded goes with --resend.")
    if emails and (unrecorded or ask_ses):
        raise UsageError("--email goes with --assume-sent or --resend alone.")


def _ask_ses(runtime: "Runtime", name: str, run_id: int, *, as_json: bool) -> None:
    from sestui.reports.doubts import doubt_figures, unclear_sentences  # noqa: PLC0415 - the database is slow to import
    from sestui.store.ledger.doubtful import doubtful_deliveries, safe_to_resend, summary_of  # noqa: PLC0415 - as above

    result = runtime.feedback.insights_search(threading.Event()).run(run_id)
    view, found = runtime.overview.run(run_id), doubtful_deliveries(runtime.database, run_id)
    grace = runtime.settings.resend_after_seconds
    safe, summary = safe_to_resend(found, grace), summary_of(found, grace)
    if as_json:
        put_json(
            {
                "asked": result.asked,
                "settled": result.settled,
                "unrecorded": result.unrecorded,
                "unclear": result.unclear,
                "too_old": result.too_old,
                "safe_to_resend": [each.email for each in safe],
                "in_doubt": doubt_figures(summary),
                "run": view.as_dict(),
            }
        )
        return
    put(
        f"run {view.number} of {name}: SES was asked about {result.asked:,}: "
        f"{result.settled:,} accepted, {result.unrecorded:,} without a record, "
        f"{result.unclear:,} unclear"
    )
    for sentence in unclear_sentences(summary):
        say(sentence)
    if result.too_old:
        say(f"{result.too_old:,} were sent over 29 days ago, which SES may no longer know of.")
    hours = runtime.settings.resend_after_hours
    if safe:
        say(_offer(name, len(safe), hours))
    elif result.unrecorded:
        say(
            "That proves nothing yet, as SES's records come late: ask again "
            f"{hours} hours after they were sent."
        )


def _offer(name: str, count: int, hours: int) -> str:
    return (
        f"SES had no record of {count:,} of them {hours} hours or more after they were sent, so it "
        f"is safe to resend them: `sestui campaign resolve {name} --resend --unrecorded`."
    )


def _safe_ids(runtime: "Runtime", name: str, run_id: int) -> list[int]:
    """The deliveries of the run that are safe to resend.

    Raises:
        StateError: there are none.
    """
    from sestui.store.ledger.doubtful import doubtful_deliveries, safe_to_resend  # noqa: PLC0415 - the database is slow to import

    found = doubtful_deliveries(runtime.database, run_id)
    safe = safe_to_resend(found, runtime.settings.resend_after_seconds)
    if not safe:
        raise StateError(
            f"Nothing in doubt in {name} is known to be safe to resend: "
            f"`sestui campaign resolve {name} --ask-ses` searches SES's records."
        )
    return [each.id for each in safe]


def _question(verdict: str, count: int, run: "RunView") -> str:
    if verdict == "resend":
        return (
            f"Send again to {count:,} recipients of run {run.number}? Anyone who did get the "
            "first mail gets it twice"
        )
    return f"Treat {count:,} recipients of run {run.number} as sent, although no answer came"


def list_in_doubt(runtime: "Runtime", view: "CampaignView") -> list[dict[str, Any]]:
    """The newest run's deliveries in doubt, at most 1,000, with what SES was asked about them."""
    from sestui.store.ledger.doubtful import doubtful_deliveries  # noqa: PLC0415 - the database is slow to import

    if view.run is None or not view.run.counts.in_doubt:
        return []
    rows = runtime.deliveries.of_run(view.run.id, state=DeliveryState.IN_DOUBT, limit=_MOST_LISTED)
    found = {each.id: each for each in doubtful_deliveries(runtime.database, view.run.id)}
    grace = runtime.settings.resend_after_seconds
    return [
        {
            "email": row.email,
            "attempts": row.attempts,
            "code": row.code,
            "reason": row.reason,
            "asked_ses_at": iso(found[row.id].asked_at) or None,
            "unclear": found[row.id].unclear,
            "safe_to_resend": found[row.id].is_safe(grace),
        }
        for row in rows
        if row.id in found
    ]


def count_in_doubt(runtime: "Runtime", view: "CampaignView") -> "DoubtSummary | None":
    """How the newest run's deliveries in doubt stand; None: there are none."""
    from sestui.store.ledger.doubtful import doubtful_deliveries, summary_of  # noqa: PLC0415 - the database is slow to import

    if view.run is None or not view.run.counts.in_doubt:
        return None
    found = doubtful_deliveries(runtime.database, view.run.id)
    return summary_of(found, runtime.settings.resend_after_seconds)


def put_in_doubt(
    rows: list[dict[str, Any]], summary: "DoubtSummary | None", name: str, hours: int
) -> None:
    """Print them, what SES's records say, and the offer to resend what it has no record of."""
    from sestui.reports.doubts import unclear_sentences  # noqa: PLC0415 - the database is slow to import

    if not rows or summary is None:
        return
    put("")
    put(f"In doubt: {summary.total:,} were handed to SES and got no answer; sestui never resends")
    put("them by itself, because they may have arrived.")
    for row in rows[:_SHOWN_IN_DOUBT]:
        put(f"  {row['email']}  {row['reason']}")
    if summary.total > _SHOWN_IN_DOUBT:
        put(
            f"  and {summary.total - _SHOWN_IN_DOUBT:,} more "
            "(`sestui export deliveries --status in_doubt`)"
        )
    for sentence in unclear_sentences(summary):
        put(sentence)
    if summary.safe:
        put(_offer(name, summary.safe, hours))
