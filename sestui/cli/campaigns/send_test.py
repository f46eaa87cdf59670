"""`sestui campaign test`: send the message to a few addresses."""

from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.campaigns.checks import warn
from sestui.cli.campaigns.run_accounting import exit_code
from sestui.cli.shared.common import AsJson, Name, opened, put, put_json
from sestui.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from sestui.reports.overview import RunView


def send_test_command(
    name: Name,
    *,
    to: Annotated[
        list[str], typer.Option("--to", metavar="EMAIL", help="Who gets the test. Repeatable.")
    ],
    shown_as: Annotated[
        str, typer.Option("--as", metavar="EMAIL", help="The contact whose data fills the mail.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Send the message to a few addresses now, as a run of its own."""
    from sestui.cli.shared.progress import follow  # noqa: PLC0415 - the sender is slow to import

    with opened() as runtime:
        runtime.account.poll()
        campaign = runtime.campaigns.get(name)
        run = runtime.starter.start_test(
            campaign, to, runtime.clock.now(), shown_as=shown_as, on_check=warn
        )
        follow(runtime, run.id)
        rows = runtime.deliveries.of_run(run.id)
        view = runtime.overview.run(run.id)
    said = [
        {
            "email": row.email,
            "state": row.state,
            "message_id": row.message_id,
            "code": row.code,
            "reason": row.reason,
        }
        for row in rows
    ]
    if as_json:
        put_json(said)
    else:
        for row in said:
            put(f"{row['email']}  {row['state']}  {row['message_id'] or row['reason']}")
    raise typer.Exit(_test_exit_code(view))


def _test_exit_code(run: "RunView") -> int:
    code = exit_code(run)
    # A test is meant to arrive: one that SES refused has failed.
    return EXIT_FAILED if code == EXIT_DONE and run.counts.accepted < run.counts.audience else code
