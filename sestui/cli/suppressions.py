"""`sestui suppressions …`: addresses that get no mail, here and at SES."""

from typing import Annotated

import typer

from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, opened, put, put_json, say

app = Commands(help="Addresses that get no mail.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Addresses that get no mail."""


@app.command("sync")
def sync(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, change nothing.")
    ] = False,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="Also remove on either side what the other has removed."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Exchange suppressed addresses with SES's account-level suppression list."""
    import threading  # noqa: PLC0415 - with the runtime

    steps: list[dict[str, str]] = []

    def on_step(step: str, address: str, reason: str) -> None:
        if as_json:
            steps.append({"step": step, "address": address, "reason": reason})
        else:
            put(f"{'would be ' if dry_run else ''}{step:<14}  {address}  {reason}".rstrip())

    with opened() as runtime:
        result = runtime.feedback.suppression_sync(threading.Event()).run(
            dry_run=dry_run, remove=remove, on_step=on_step
        )
    if as_json:
        put_json({**result.figures(), "dry_run": dry_run, "steps": steps})
    else:
        say(result.sentence(dry_run=dry_run))
