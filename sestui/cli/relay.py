"""`sestui relay`: an SES endpoint for other programs, and their keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sestui.cli.shared.commands import Commands
from sestui.cli.shared.common import (
    AsJson,
    opened,
    put,
    put_json,
    put_table,
    say,
    until_interrupted,
)
from sestui.core.clock import iso
from sestui.core.percent import set_percent

if TYPE_CHECKING:
    from sestui.relay.serve import Listening
    from sestui.store.relay.tables import RelayKey

DEFAULT_PORT = 4580

app = Commands(
    name="relay",
    help="An SES endpoint for programs that are pointed at sestui instead.",
    invoke_without_command=True,
)
key_app = Commands(name="key", help="Who may send through the relay.", no_args_is_help=True)
app.add_typer(key_app)

KeyName = Annotated[str, typer.Argument(metavar="NAME", help="The key's name.")]


@app.callback()
def serve_relay(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = DEFAULT_PORT,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port for /healthz and /metrics; without it, there are none."
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM file with the certificate chain.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM file with its private key.")
    ] = None,
) -> None:
    """Serve SES's API to other programs until interrupted (without a subcommand)."""
    if context.invoked_subcommand is not None:
        return
    from sestui.relay.serve import Options, serve  # noqa: PLC0415 - heavy

    with until_interrupted(), opened() as runtime:
        if host not in {"127.0.0.1", "::1", "localhost"} and tls_cert is None:
            say("Without --tls-cert, anyone on the network path can read all incoming mail.")
        serve(
            runtime,
            Options(
                host=host,
                port=port,
                metrics_port=metrics_port,
                certificate=tls_cert,
                key=tls_key,
            ),
            announce=_announce_how,
            warn=say,
        )
    say("The relay has stopped; the mail it accepted is in the ledger.")


@key_app.command("add")
def add_key(
    name: KeyName,
    *,
    sender: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS|DOMAIN",
            help="It may send only as this address or domain. Repeatable; default: any.",
        ),
    ] = None,
    rate_share: Annotated[float, typer.Option(help="Of the account's rate, 0.0001 to 1.")] = 1.0,
    quota_share: Annotated[
        float, typer.Option(help="Of the 24-hour quota that sestui may use, 0.0001 to 1.")
    ] = 1.0,
    send_only: Annotated[
        bool, typer.Option("--send-only", help="Refuse every call that is not a send.")
    ] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CALL,...",
            help="Besides sends, allow only this call. Repeatable; default: every call, or with "
            "--sender a few harmless reads.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a key; its secret is shown only once."""
    from sestui.core.relay.key import KeyFields  # noqa: PLC0415 - the command's own
    from sestui.store.relay.key_maker import KeyMaker  # noqa: PLC0415 - as above

    fields = KeyFields(
        name, sender or [], rate_share, quota_share, send_only, _calls(allow) if allow else ()
    )
    with opened() as runtime:
        made = KeyMaker(runtime.database, runtime.settings.data_dir, runtime.clock).add(fields)
    if as_json:
        put_json(
            {
                "name": made.name,
                "access_key_id": made.access_key_id,
                "secret_access_key": made.secret_access_key,
            }
        )
        return
    for line in made.environment.splitlines():
        put(line)
    say("The secret will not be shown again.")


@key_app.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List all keys, newest first, including revoked ones."""
    from sestui.store.relay.keys import RelayKeys  # noqa: PLC0415 - the command's own

    with opened() as runtime:
        keys = RelayKeys(runtime.database).all()
    if as_json:
        put_json([_as_dict(key) for key in keys])
        return
    if not keys:
        say("No relay keys yet: `sestui relay key add NAME` creates one.")
        return
    put_table(
        ("name", "access key id", "may send as", "may call", "rate", "quota", "state"),
        [
            (
                key.name,
                key.id,
                ", ".join(key.senders) or "any",
                key.calls,
                set_percent(key.rate_share),
                set_percent(key.quota_share),
                key.state,
            )
            for key in keys
        ],
    )


@key_app.command("show")
def show_key(name: KeyName, *, as_json: AsJson = False) -> None:
    """Show what a key may do, by its name or its access key id."""
    from sestui.store.relay.keys import RelayKeys  # noqa: PLC0415 - the command's own

    with opened() as runtime:
        key = RelayKeys(runtime.database).named(name)
    if as_json:
        put_json(_as_dict(key))
        return
    put(f"name            {key.name}")
    put(f"access key id   {key.id}")
    put(f"state           {key.state}")
    put(f"may send as     {', '.join(key.senders) or 'any'}")
    put(f"may call        {key.calls}")
    put(f"rate            {set_percent(key.rate_share)} of the account's")
    put(f"quota           {set_percent(key.quota_share)} of what sestui may use")
    put(f"created         {iso(key.created_at)}")
    if key.revoked_at is not None:
        put(f"revoked         {iso(key.revoked_at)}")


@key_app.command("revoke")
def revoke_key(name: KeyName) -> None:
    """Revoke a key, by its name or its access key id."""
    from sestui.store.relay.keys import RelayKeys  # noqa: PLC0415 - the command's own

    with opened() as runtime:
        key = RelayKeys(runtime.database).revoke(name, runtime.clock.now())
    say(f"Key {key.name} ({key.id}) has been revoked; relays notice within seconds.")


def _calls(texts: list[str]) -> tuple[str, ...]:
    from sestui.core.relay.calls import named_calls  # noqa: PLC0415 - the command's own
    from sestui.ses.operations import Operations  # noqa: PLC0415 - botocore is heavy

    return named_calls(texts, Operations().names)


def _as_dict(key: "RelayKey") -> dict[str, Any]:
    return {
        "name": key.name,
        "access_key_id": key.id,
        "senders": key.senders,
        "rate_share": key.rate_share,
        "quota_share": key.quota_share,
        "send_only": key.send_only,
        "calls": _as_list(key),
        "created_at": iso(key.created_at),
        "revoked_at": iso(key.revoked_at) or None,
    }


def _as_list(key: "RelayKey") -> list[str] | None:
    """The calls that the key may make besides sends; None: all."""
    return None if key.permitted is None else sorted(key.permitted)


def _announce_how(where: "Listening") -> None:
    say(f"The relay answers at {where.url} for SES in {where.region}.")
    if where.metrics_url:
        say(f"Its health is at {where.metrics_url}/healthz, its metrics at /metrics there.")
    say(
        f"Point programs at it: AWS_ENDPOINT_URL_SES={where.url} "
        f"AWS_ENDPOINT_URL_SESV2={where.url} AWS_REGION={where.region}, with a key of "
        "`sestui relay key add NAME`. Ctrl-C stops it."
    )
