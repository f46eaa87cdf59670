"""`sestui contact verify`: whether addresses can receive mail."""

import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared import completion
from sestui.cli.shared.common import AsJson, opened, put, put_json, say
from sestui.core.contact.address_verdict import AddressVerdict
from sestui.errors import EXIT_FAILED, EXIT_TRY_AGAIN, StoppedError, UsageError

if TYPE_CHECKING:
    from sestui.audience.verification import Verification

_BATCH = 100
_DAY = 86_400.0
_OF_EACH = 1_000
"""Addresses between two lines of progress."""

Emails = Annotated[
    list[str] | None, typer.Argument(metavar="[EMAIL]...", help="Addresses, contacts or not.")
]
Lists = Annotated[
    list[str] | None,
    typer.Option(
        "--list",
        metavar="NAME",
        help="Contacts on this list. Repeatable.",
        autocompletion=completion.lists,
    ),
]
OlderThan = Annotated[
    float,
    typer.Option(min=0, metavar="DAYS", help="Leave out who was checked within these days."),
]
NoDns = Annotated[bool, typer.Option("--no-dns", help="Check the addresses only, offline.")]
Timeout = Annotated[
    float, typer.Option(min=0.1, max=60, metavar="S", help="Seconds to wait for one DNS answer.")
]
Rate = Annotated[
    float, typer.Option(min=0.1, max=1000, metavar="N", help="The most domains asked per second.")
]
Nameservers = Annotated[
    list[str] | None,
    typer.Option(
        "--nameserver",
        metavar="ADDRESS",
        help="A DNS server, such as 9.9.9.9; by default the machine's own. Repeatable.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check, and mark nobody.")]


def verify_command(
    emails: Emails = None,
    *,
    list_names: Lists = None,
    older_than: OlderThan = 0,
    no_dns: NoDns = False,
    timeout: Timeout = 5,
    rate: Rate = 20,
    nameserver: Nameservers = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Check whether addresses, and their domains by DNS, can receive mail.

    Without addresses: every contact, or those on the lists, of whom the invalid and unknown are
    shown. Invalid contacts get no mail until a check finds them valid again.
    """
    if emails and (list_names or older_than):
        raise UsageError("Addresses are checked whatever list they are on: leave out the options.")
    from sestui.audience.deliverability import Domains  # noqa: PLC0415 - the DNS is slow to import
    from sestui.audience.verification import Verification  # noqa: PLC0415
    from sestui.cli.shared.progress import stopped_by_signals  # noqa: PLC0415
    from sestui.store.contacts.address_checks import AddressChecks  # noqa: PLC0415

    stop = _Stop()
    with opened() as runtime, stopped_by_signals(stop):
        checks = AddressChecks(runtime.database)
        domains = None
        if not no_dns:
            domains = Domains(
                nameservers=nameserver or [],
                timeout=timeout,
                rate=rate,
                clock=runtime.clock,
                stop=stop,
            )
        verification = Verification(checks, domains, runtime.clock, dry_run=dry_run)
        if emails:
            batches: Any = iter([checks.of_addresses(emails)])
        else:
            before = runtime.clock.now() - older_than * _DAY
            batches = checks.due(list_names or [], before, batch=_BATCH)
        shown = _checked(verification, batches, stop, each=bool(emails), as_json=as_json)
    if as_json:
        put_json({**verification.figures, "dry_run": dry_run, "addresses": shown})
    say(verification.sentence + (" Nothing has been changed." if dry_run else ""))
    if emails and verification.figures["invalid"]:
        raise typer.Exit(EXIT_FAILED)
    if emails and verification.figures["unknown"]:
        raise typer.Exit(EXIT_TRY_AGAIN)


class _Stop(threading.Event):
    """Set by signals."""

    def stop(self) -> None:
        """See ``Stoppable``."""
        self.set()


def _checked(
    verification: "Verification", batches: Any, stop: _Stop, *, each: bool, as_json: bool
) -> list[dict[str, object]]:
    """Check, and show every address or those that aren't valid; as JSON they are returned."""

    def go_on() -> None:
        if stop.is_set():
            raise StoppedError(
                f"Stopped: {verification.checked:,} addresses have been checked, and stay as "
                "they were found.",
                by_option="--older-than 1 leaves them out.",
            )

    shown: list[dict[str, object]] = []
    told = 0
    for found in verification.run(batches, go_on):
        for contact, result in found:
            if not each and result.verdict is AddressVerdict.VALID:
                continue
            if as_json:
                shown.append(
                    {
                        "email": contact.email,
                        "is_contact": contact.contact_id is not None,
                        "verdict": result.verdict.value,
                        "reason": result.reason,
                    }
                )
            else:
                put(f"{contact.email}  {result.verdict.value}  {result.reason}".rstrip())
        if verification.checked - told >= _OF_EACH:
            told = verification.checked
            say(f"{told:,} addresses checked")
    return shown
