"""``sestui simulator``: serve the simulated SES account, and inspect it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui import log
from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import AsJson, until_interrupted
from sestui.core.text import printable

if TYPE_CHECKING:
    from sestui.simulator.account.state import SimulatorState

DEFAULT_PORT = 4579

app = Commands(
    name="simulator",
    help="A simulated SES account on this machine: serve it, read its outbox, break it.",
    invoke_without_command=True,
)
fault_app = Commands(name="fault", help="Script faults.", no_args_is_help=True)
app.add_typer(fault_app)


@app.callback()
def serve_account(
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")
    ] = DEFAULT_PORT,
    rate: Annotated[
        float | None, typer.Option(help="The account's rate, recipients a second.")
    ] = None,
    quota: Annotated[
        int | None, typer.Option(help="The account's 24-hour quota, recipients; -1: unlimited.")
    ] = None,
    latency: Annotated[
        float | None, typer.Option(min=0, max=60, help="Seconds an answer takes.")
    ] = None,
    jitter: Annotated[
        float, typer.Option(min=0, max=60, help="Vary it by up to this many seconds.")
    ] = 0.0,
    sandbox: Annotated[
        bool | None,
        typer.Option(
            "--sandbox/--no-sandbox", help="Accept mail only from and to verified identities."
        ),
    ] = None,
) -> None:
    """Serve the workspace's simulated account until interrupted (without a subcommand)."""
    if context.invoked_subcommand is not None:
        return
    from sestui.settings import load_settings  # noqa: PLC0415 - heavy
    from sestui.simulator.api.serve import serve  # noqa: PLC0415 - heavy

    settings = load_settings()
    log.set_up(settings.state_dir, settings.log_level)
    with until_interrupted():
        serve(
            settings.data_dir,
            port=port,
            rate=rate,
            quota=quota,
            latency=settings.simulator_latency if latency is None else latency,
            jitter=jitter,
            sandbox=sandbox,
            recipients=str(settings.simulator_recipients),
            announce=lambda bound: _announce_how(settings.data_dir, bound),
        )
    typer.echo("The simulator has stopped; its account stays in the workspace.", err=True)


@app.command()
def key(as_json: AsJson = False) -> None:
    """Print the credentials for programs that use the simulator: export $(sestui simulator key)."""
    from sestui.settings import load_settings  # noqa: PLC0415 - heavy
    from sestui.simulator.api.access import (  # noqa: PLC0415 - with it
        SECRET_ACCESS_KEY,
        access_key_of,
    )

    credentials = {
        "AWS_ACCESS_KEY_ID": access_key_of(load_settings().data_dir),
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    }
    if as_json:
        typer.echo(json.dumps(credentials, indent=2))
        return
    for name, value in credentials.items():
        typer.echo(f"{name}={value}")


@app.command()
def outbox(
    message_id: Annotated[
        str, typer.Argument(help="Show this mail in full; without it, list the mails.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="Show this many of the newest mails.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what the simulated account accepted, or show one mail."""
    state = _state()
    if message_id:
        mail = state.mail(message_id)
        typer.echo(json.dumps(mail, indent=2) if as_json else _shown(mail))
        return
    mails = state.newest(limit=limit)
    if as_json:
        typer.echo(json.dumps(mails, indent=2))
        return
    for mail in mails:
        typer.echo(_line(mail))
    if not mails:
        typer.echo("The outbox is empty.", err=True)


@app.command()
def advance(
    seconds: Annotated[float, typer.Argument(help="How many seconds; a day is 86400.")],
) -> None:
    """Move the simulator's clock forward, so that its 24-hour quota rolls off."""
    from sestui.core.clock import iso  # noqa: PLC0415 - the command's own

    typer.echo(f"The simulator's clock now shows {iso(_state().advance(seconds))}.", err=True)


@app.command()
def reset() -> None:
    """Forget the account's mail, events, faults and settings, and start a new one."""
    _state().reset()
    typer.echo("The simulated account is new: nothing sent, default settings.", err=True)


@fault_app.command("add")
def add_fault(
    kind: Annotated[str, typer.Argument(help="What goes wrong; `fault kinds` lists them.")],
    *,
    probability: Annotated[
        float | None, typer.Option(help="Probability that a call meets it, above 0 and up to 1.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="How many times it happens; default: no limit.")
    ] = None,
    match: Annotated[
        str, typer.Option(help="Only these recipients, such as '*@example.org'.")
    ] = "",
    seconds: Annotated[
        float | None, typer.Option(help="How long, for slow and hang_after.")
    ] = None,
) -> None:
    """Script a fault; running servers obey at once."""
    from sestui.simulator.api.faults import checked_fault  # noqa: PLC0415 - the command's own

    fault = checked_fault(kind, probability=probability, count=count, match=match, seconds=seconds)
    typer.echo(f"Fault {_state().add_fault(fault)} has been set.", err=True)


@fault_app.command("kinds")
def list_kinds() -> None:
    """List the kinds of faults."""
    from sestui.simulator.api.faults import MEANINGS  # noqa: PLC0415 - the command's own

    for kind, meaning in MEANINGS.items():
        typer.echo(f"{kind:<15} {meaning}")


@fault_app.command("list")
def list_faults(as_json: AsJson = False) -> None:
    """List the scripted faults and how often each has happened."""
    faults = _state().faults()
    if as_json:
        typer.echo(json.dumps(faults, indent=2))
        return
    for fault in faults:
        left = "no limit" if fault["count"] is None else f"{fault['count']} more"
        to = printable(fault["match"]) or "anyone"
        typer.echo(
            f"{fault['id']:>3}  {fault['kind']:<15} to {to}, chance {fault['probability']:g}, "
            f"{left}, happened {fault['fired']}"
        )
    if not faults:
        typer.echo("No faults are scripted.", err=True)


@fault_app.command("clear")
def clear_faults() -> None:
    """Remove every scripted fault."""
    typer.echo(f"Faults removed: {_state().clear_faults()}.", err=True)


def _state() -> "SimulatorState":
    from sestui.core.clock import SystemClock  # noqa: PLC0415 - with what follows
    from sestui.settings import load_settings  # noqa: PLC0415 - heavy
    from sestui.simulator.account.state import SimulatorState  # noqa: PLC0415 - heavy
    from sestui.simulator.account.storage import FILE_NAME  # noqa: PLC0415 - heavy

    return SimulatorState(load_settings().data_dir / FILE_NAME, SystemClock())


def _announce_how(workspace: Path, port: int) -> None:
    from sestui.simulator.api.access import (  # noqa: PLC0415 - with the server
        SECRET_ACCESS_KEY,
        access_key_of,
    )

    url, access_key = f"http://127.0.0.1:{port}", access_key_of(workspace)
    typer.echo(
        f"A simulated SES account answers at {url}, its state is in {workspace}.\n"
        "Point any AWS client at it, with its own key (keep it to yourself):\n"
        f"  export AWS_ENDPOINT_URL_SESV2={url} AWS_ENDPOINT_URL_SES={url} \\\n"
        "         AWS_REGION=eu-west-1 \\\n"
        f"         AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}\n"
        "See what it accepts in a browser (the link lets it in, and it stays in):\n"
        f"  {url}/outbox?token={access_key}\n"
        "Ctrl-C stops it.",
        err=True,
    )


def _line(mail: dict[str, Any]) -> str:
    from sestui.core.clock import iso  # noqa: PLC0415 - the command's own

    recipients = ", ".join(mail["recipients"])
    return (
        f"{iso(mail['accepted_at'])}  {mail['message_id']}  {printable(mail['from'])}  "
        f"{printable(recipients)}  {printable(mail['subject'])}"
    )


def _shown(mail: dict[str, Any]) -> str:
    from sestui.core.clock import iso  # noqa: PLC0415 - the command's own

    fields = [
        ("Message id", mail["message_id"]),
        ("Accepted", iso(mail["accepted_at"])),
        ("From", mail["from"]),
        ("State", mail["state"]),
        ("To", ", ".join(mail["to"])),
        ("Cc", ", ".join(mail["cc"])),
        ("Bcc", ", ".join(mail["bcc"])),
        ("Reply to", ", ".join(mail["reply_to"])),
        ("Subject", mail["subject"]),
        *((header["name"], header["value"]) for header in mail["headers"]),
        ("Tags", ", ".join(f"{name}={value}" for name, value in mail["tags"].items())),
        ("Attachments", ", ".join(mail["attachments"])),
    ]
    lines = [f"{name}: {printable(value)}" for name, value in fields if value]
    for title, body in (("Text", mail["text"]), ("HTML", mail["html"])):
        if body:
            lines += ["", f"--- {title} ---", *(printable(line) for line in body.splitlines())]
    return "\n".join(lines)
