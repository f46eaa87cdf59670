"""`sestui events …`: read SES's events, and look after those that can't be read."""

from typing import Annotated

import typer

from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, opened, put, put_json, put_table, say
from sestui.core.clock import iso

app = Commands(help="Read SES's reports on mail.", no_args_is_help=True)
quarantine = Commands(help="Messages that could not be read as events.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")

MessageId = Annotated[int, typer.Argument(metavar="ID", min=1, help="As the list shows it.")]
_MOST = 1_000
_SHOWN = 70


@app.command("pull")
def pull(
    *,
    wait: Annotated[
        float,
        typer.Option(min=0, max=20, metavar="SECONDS", help="Wait this long for the first event."),
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Apply the events in the queue, and stop when it is empty."""
    from sestui.errors import SettingsError  # noqa: PLC0415 - with the runtime
    from sestui.feedback.report import NO_QUEUE, pull_sentence, pulled_figures  # noqa: PLC0415 - the database is slow

    with opened() as runtime:
        puller = runtime.feedback.puller()
        if puller is None:
            raise SettingsError(NO_QUEUE)
        result = puller.pull(wait_seconds=wait)
    if as_json:
        put_json(pulled_figures(result) | {"kinds": result.kinds})
    else:
        put(pull_sentence(result))


@quarantine.command("list")
def list_quarantine(*, as_json: AsJson = False) -> None:
    """List messages in quarantine, and why they are there."""
    from sestui.store.events.quarantine import Quarantine  # noqa: PLC0415 - the database is slow

    with opened() as runtime:
        found = Quarantine(runtime.database).list(most=_MOST)
        count = Quarantine(runtime.database).count()
        rows = [(each.id, runtime.local_time(each.received_at), each.reason) for each in found]
    if as_json:
        put_json(
            [
                {"id": each.id, "received_at": iso(each.received_at), "reason": each.reason}
                for each in found
            ]
        )
    elif rows:
        put_table(("id", "received", "why"), [(str(number), at, why) for number, at, why in rows])
    else:
        say("The quarantine is empty.")
    if count > len(found):
        say(f"There are {count:,}; the first {_MOST:,} are listed.")


@quarantine.command("show")
def show(message_id: MessageId) -> None:
    """Show a message as it was received."""
    from sestui.store.events.quarantine import Quarantine  # noqa: PLC0415 - the database is slow

    with opened() as runtime:
        found = Quarantine(runtime.database).get(message_id)
    say(found.reason)
    put(found.body.decode("utf-8", "replace"))


@quarantine.command("retry")
def retry(
    message_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", min=1, help="One message; all without it.")
    ] = None,
) -> None:
    """Try to read messages again, for example after an upgrade of sestui."""
    from sestui.feedback.report import tripped_sentences  # noqa: PLC0415 - the database is slow
    from sestui.feedback.retry import retry_quarantined  # noqa: PLC0415 - as above

    with opened() as runtime:
        feedback = runtime.feedback
        result = retry_quarantined(
            runtime.database, runtime.clock, feedback.rules, feedback.mails, message_id
        )
    dropped = f", {result.dropped:,} without news dropped" if result.dropped else ""
    counted = f"{result.applied:,} applied{dropped}, {result.left:,} still can't be read."
    put(" ".join([counted, *tripped_sentences(result.tripped)]))


@quarantine.command("drop")
def drop(
    message_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", min=1, help="One message.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every message.")] = False,
) -> None:
    """Delete messages for good."""
    from sestui.errors import UsageError  # noqa: PLC0415 - with the runtime
    from sestui.store.events.quarantine import Quarantine  # noqa: PLC0415 - the database is slow

    if (message_id is None) is not every:
        raise UsageError("Name one message by its id, or all of them with --all.")
    with opened() as runtime:
        kept = Quarantine(runtime.database)
        if message_id is not None:
            kept.get(message_id)
        count = kept.drop(None if message_id is None else [message_id])
    put("Deleted 1 message." if count == 1 else f"Deleted {count:,} messages.")
