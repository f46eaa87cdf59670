"""`sestui undo`: undo imports and other changes to contacts or lists."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.store.contacts.changes.journal import Noted
    from sestui.store.contacts.changes.undone import Undone


def undo_command(
    number: Annotated[
        int | None,
        typer.Argument(metavar="ID", help="The change, as --list numbers them; else the last."),
    ] = None,
    *,
    list_: Annotated[
        bool, typer.Option("--list", help="Show the changes that can be undone.")
    ] = False,
    forget_refusals: Annotated[
        bool,
        typer.Option(
            "--forget-refusals",
            help="Of an import: also forget who had unsubscribed, bounced or complained by its "
            "file. Whoever has refused mail since is kept.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be undone, and leave it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Undo an import or another change to contacts or lists, up to a day old.

    What something else depends on stays, and is counted. An erasure can't be undone.
    """
    from sestui.store.contacts.changes.journal import changes  # noqa: PLC0415 - the database is slow
    from sestui.store.contacts.changes.undo import undo_change, wanted_change  # noqa: PLC0415 - as above

    with opened() as runtime:
        now = runtime.clock.now()
        if list_:
            _put_list(changes(runtime.database, now), runtime, as_json=as_json)
            return
        change = wanted_change(runtime.database, now, number)

        def undo(*, dry_run: bool) -> "Undone":
            return undo_change(
                runtime.database,
                now,
                change.id,
                forget_refusals=forget_refusals,
                dry_run=dry_run,
            )

        if not dry_run and not yes:
            _ask(change, undo(dry_run=True), runtime)
        done = undo(dry_run=dry_run)
    if as_json:
        put_json(_as_dict(change) | _result(done, undone=not dry_run))
    elif dry_run:
        put(" ".join([f"Would undo: {change.said}.", *done.notes]))
    else:
        put(done.sentence)


def _ask(change: "Noted", would: "Undone", runtime: "Runtime") -> None:
    if would.notes:
        say("Afterwards:")
    for note in would.notes:
        say(note)
    if would.refusals and not would.forget_refusals:
        say("--forget-refusals forgets them too.")
    when = runtime.local_time(change.at)
    typer.confirm(f"Undo this: {change.said} ({when})?", abort=True, err=True)


def _put_list(found: "list[Noted]", runtime: "Runtime", *, as_json: bool) -> None:
    if as_json:
        put_json([_as_dict(each) for each in found])
    elif found:
        rows = [(str(each.id), runtime.local_time(each.at), each.said) for each in found]
        put_table(("id", "time", "change"), rows)
    else:
        say("No change can be undone.")


def _as_dict(change: "Noted") -> dict[str, Any]:
    return {"id": change.id, "change": change.said, "at": change.at, "size": change.size}


def _result(done: "Undone", *, undone: bool) -> dict[str, Any]:
    return {
        "undone": undone,
        "restored": done.restored,
        **done.figures,
        "refusals": done.refusals,
        "refusals_kept": 0 if done.forget_refusals else done.refusals,
        "notes": done.notes,
    }
