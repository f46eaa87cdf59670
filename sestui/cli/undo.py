"""`sestui undo`: undo the last change to contacts or lists."""

from typing import Annotated

import typer

from sestui.cli.shared.common import AsJson, opened, put, put_json
from sestui.errors import StateError


def undo_command(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be undone, and leave it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Undo the last change to contacts or lists, up to a day old; imports can't be undone."""
    from sestui.store.contacts.changes.journal import last_change  # noqa: PLC0415 - the database is slow
    from sestui.store.contacts.changes.undo import NOTHING, undo_last  # noqa: PLC0415 - as above

    with opened() as runtime:
        now = runtime.clock.now()
        change = last_change(runtime.database, now)
        if change is None:
            raise StateError(NOTHING)
        told = {"change": change.said, "at": change.at, "size": change.size}
        when = runtime.local_time(change.at)
        if dry_run:
            if as_json:
                put_json(told | {"undone": False})
            else:
                put(f"{change.said} ({when})")
            return
        if not yes:
            typer.confirm(f"Undo this: {change.said} ({when})?", abort=True, err=True)
        done = undo_last(runtime.database, now, expected=change.id)
    if as_json:
        put_json(told | {"undone": True, "restored": done.restored, "notes": done.notes})
    else:
        put(done.sentence)
