"""`sestui contact erase`: remove a person everywhere, on their request."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared.common import AsJson, opened, put, put_json, say
from sestui.core.text import printable
from sestui.errors import UsageError

if TYPE_CHECKING:
    from sestui.core.contact.address_check import Address
    from sestui.runtime import Runtime
    from sestui.store.erasure.erasure import Erasure

_ONE_AND_MANY = {
    "contact": ("contact", "contacts"),
    "lists": ("membership of a list", "memberships of lists"),
    "deliveries": ("delivery", "deliveries"),
    "events": ("event", "events"),
    "relayed mails": ("relayed mail's content", "relayed mails' contents"),
    "choices": ("choice on the unsubscribe page", "choices on the unsubscribe page"),
    "requests": ("request to subscribe", "requests to subscribe"),
    "suppressions": ("suppression", "suppressions"),
    "changes": ("change in the journal", "changes in the journal"),
    "filters": ("saved filter", "saved filters"),
    "mentions": ("mention in logs and other records", "mentions in logs and other records"),
}


def erase_command(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be erased, and leave it.")
    ] = False,
    allow_again: Annotated[
        bool,
        typer.Option(
            "--allow-again", help="Let an erased address come in again, as its owner asks."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person everywhere, for good; the counts of runs stay.

    A keyed hash of the address stays too, so that an old file can't bring it back.
    """
    from sestui.audience.contacts_service import typed_address  # noqa: PLC0415 - the database is slow
    from sestui.store.erasure.erasure import erase  # noqa: PLC0415 - as above

    address = typed_address(email)
    if allow_again and (dry_run or yes):
        raise UsageError("erases nothing and needs no other option.", option="--allow-again")
    with opened() as runtime:
        if allow_again:
            _allow_again(runtime, address, as_json=as_json)
            return
        now = runtime.clock.now()
        if dry_run or not yes:
            would = erase(runtime.database, address, now, dry_run=True)
            if dry_run:
                _put(would, as_json=as_json, dry_run=True)
                return
            _confirm(would)
        done = erase(runtime.database, address, now)
        clean = _traces_cleared(runtime)
    _put(done, as_json=as_json, clean=clean)


def _allow_again(runtime: "Runtime", address: "Address", *, as_json: bool) -> None:
    from sestui.store.contacts.erased import allow_again  # noqa: PLC0415 - the database is slow

    changed = allow_again(runtime.database, address.key)
    if as_json:
        put_json({"email": address.email, "erased": False, "changed": changed})
    elif changed:
        put(f"{address.email} may come in again: by an import, by hand, through the relay.")
    else:
        say(f"{address.email} was not erased; nothing has changed.")


def _confirm(would: "Erasure") -> None:
    """Ask for the address; ends the command unless it is typed."""
    say(
        f"This erases for good: {_listed(would) or 'nothing but the address itself'}. "
        "It can't be undone."
    )
    typed = typer.prompt(f"Type {printable(would.email)} to erase it", err=True)
    if typed.strip().lower() != would.email.lower():
        say("That is another address; nothing has been erased.")
        raise typer.Abort


def _traces_cleared(runtime: "Runtime") -> bool:
    from sestui.store.erasure.traces import clear_traces  # noqa: PLC0415 - the database is slow

    return clear_traces(runtime.database)


def _put(erasure: "Erasure", *, as_json: bool, dry_run: bool = False, clean: bool = True) -> None:
    if as_json:
        put_json(_as_dict(erasure, dry_run=dry_run, clean=clean))
        return
    listed = _listed(erasure)
    if dry_run:
        put(f"{erasure.email}: would be erased: {listed or 'nothing is known of it'}.")
    elif listed:
        put(f"{erasure.email} is erased: {listed}.")
    else:
        again = "was erased before; nothing" if erasure.erased_before else "is noted; nothing else"
        put(f"{erasure.email} {again} was known of it.")
    for sentence in _remarks(erasure, dry_run=dry_run, clean=clean):
        say(sentence)


def _listed(erasure: "Erasure") -> str:
    """``1 contact, 3 deliveries (1 of them skipped)``."""
    parts = []
    for kind, (one, many) in _ONE_AND_MANY.items():
        count = erasure.found.get(kind, 0)
        if not count:
            continue
        parts.append(f"{count:,} {one if count == 1 else many}")
        skipped = erasure.found.get("skipped", 0)
        if kind == "deliveries" and skipped:
            parts[-1] += f" ({skipped:,} not sent yet and skipped)"
    return ", ".join(parts)


def _remarks(erasure: "Erasure", *, dry_run: bool, clean: bool) -> list[str]:
    said = []
    if erasure.in_flight:
        mails = "1 mail" if erasure.in_flight == 1 else f"{erasure.in_flight:,} mails"
        said.append(f"{mails} to them had been handed over without an answer yet, and may arrive.")
    if erasure.relayed:
        mails = "1 relayed mail" if erasure.relayed == 1 else f"{erasure.relayed:,} relayed mails"
        said.append(
            f"The content of {mails} with other recipients is still needed: erase the address "
            "again once they have been sent."
        )
    if erasure.written:
        said.append(f"You wrote the address yourself in {', '.join(erasure.written)}: change that.")
    if not clean:
        said.append(
            "Another program is using the database, so traces may be left in its file: erase the "
            "address again when nothing else runs."
        )
    if not dry_run:
        said.append(
            "Backups can't be reached: they still have what was erased, and restoring one brings "
            "it back, as do files that it was exported to. Erase it again then."
        )
    return said


def _as_dict(erasure: "Erasure", *, dry_run: bool, clean: bool) -> dict[str, Any]:
    return {
        "email": erasure.email,
        "erased": not dry_run,
        "dry_run": dry_run,
        "found": {kind.replace(" ", "_"): count for kind, count in erasure.found.items()},
        "erased_before": erasure.erased_before is not None,
        "in_flight": erasure.in_flight,
        "relayed_mails_needed": erasure.relayed,
        "written_by_you": list(erasure.written),
        "traces_cleared": clean and not dry_run,
    }
