"""`sestui campaign winner`: choose the subject that the rest of a split gets."""

from typing import Annotated

import typer

from sestui.cli.shared.common import AsJson, Name, opened, put, put_json, say
from sestui.core.delivery.variants import VARIANTS
from sestui.errors import UsageError


def winner_command(
    name: Name,
    *,
    variant: Annotated[
        str,
        typer.Option(
            "--variant",
            metavar="A|B|…",
            help="This one; without it the one that is better by clicks, or the first if too few "
            "have clicked to tell.",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Choose the winner of a split now: the rest of the run gets its subject."""
    from sestui.sending.runs.split_tests import SplitTests  # noqa: PLC0415 - the database is slow

    letter = variant.strip().upper()
    if letter and (letter not in VARIANTS or len(letter) != 1):
        raise UsageError(f"--variant {variant}: must be one of the letters {VARIANTS}.")
    with opened() as runtime:
        _, run = runtime.run_control.open_run(name)
        tests = SplitTests(runtime.database, runtime.clock, runtime.local_time)
        run = tests.choose(run.id, letter)
    if as_json:
        put_json({"campaign": name, "run": run.number, "winner": run.winner, "why": run.winner_why})
    else:
        put(f"{name} run {run.number}: {run.winner} is the winner. {run.winner_why}")
    say(f"`sestui run-due` or the app sends the rest; `sestui send {name}` does so now.")
