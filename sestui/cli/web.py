"""`sestui web`: the page behind unsubscribe links, the subscribe form, and the links' keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from sestui.core.text import printable

if TYPE_CHECKING:
    from sestui.settings import Settings

DEFAULT_PORT = 4582
DEFAULT_EVENTS_PORT = 4583

app = Commands(
    name="web",
    help="The unsubscribe page and the subscribe form: serve them, and rotate their links' keys.",
    invoke_without_command=True,
)
key_app = Commands(name="key", help="What links are sealed with.", no_args_is_help=True)
app.add_typer(key_app)


@app.callback()
def serve_page(
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")
    ] = DEFAULT_PORT,
    style: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A style sheet (CSS) of your own.")
    ] = None,
) -> None:
    """Serve the unsubscribe page, and the subscribe form, on 127.0.0.1 until interrupted."""
    if context.invoked_subcommand is not None:
        return
    from sestui.web.serve import serve  # noqa: PLC0415 - heavy

    with until_interrupted(), opened() as runtime:
        settings = runtime.settings
        serve(
            runtime,
            port=port,
            style=style,
            announce=lambda bound: _announce_how(settings, bound),
            warn=say,
        )
    say("The page is no longer served; links work again once it is.")


@app.command("events")
def serve_events_command(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")
    ] = DEFAULT_EVENTS_PORT,
) -> None:
    """Take SES's events from SNS by HTTPS on 127.0.0.1 until interrupted."""
    from sestui.web.serve import serve_events  # noqa: PLC0415 - heavy

    with until_interrupted(), opened() as runtime:
        serve_events(runtime, port=port, announce=_announce_events)
    say("Events are no longer taken; SNS gives up on them after an hour at most.")


@key_app.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """The keys of all links, the oldest first; new links are sealed with the newest one here."""
    from sestui.store.web.link_keys import LinkKeys  # noqa: PLC0415 - the command's own

    with opened() as runtime:
        keys = LinkKeys(runtime.database, runtime.settings.data_dir)
        known, held = keys.known(), keys.held()
    if as_json:
        put_json([{"id": key_id, "here": key_id in held} for key_id in known])
    elif known:
        rows = [(key_id, "yes" if key_id in held else "no") for key_id in known]
        put_table(("key", "on this host"), rows)
    else:
        say("No links have been made yet; the first mail with web_url set makes a key.")


@key_app.command("rotate")
def rotate_key(*, as_json: AsJson = False) -> None:
    """Make a new key for new links; links with older keys go on working."""
    from sestui.store.web.link_keys import FILE_NAME, LinkKeys  # noqa: PLC0415 - as above

    with opened() as runtime:
        key = LinkKeys(runtime.database, runtime.settings.data_dir).rotate()
        path = runtime.settings.data_dir / FILE_NAME
    if as_json:
        put_json({"id": key.id})
    else:
        put(f"New links are sealed with the key {key.id}.")
        say(f"Copy {path} to every other host on this database, first to the one with the page.")


def _announce_events(port: int) -> None:
    from sestui.web.publish import EVENTS_PATH, events_lines  # noqa: PLC0415 - the command's own

    say(f"SNS's messages are taken at http://127.0.0.1:{port}{EVENTS_PATH}.")
    say("To publish it with nginx, in the server block of a host with a certificate:")
    for line in events_lines(port).splitlines():
        say(f"    {line}")
    say("Ctrl-C stops it.")


def _announce_how(settings: "Settings", port: int) -> None:
    from sestui.core.content.headers import FORM_PATH  # noqa: PLC0415 - the command's own
    from sestui.core.setting_rules import names_in  # noqa: PLC0415 - as above
    from sestui.web.publish import caddy_lines, nginx_lines  # noqa: PLC0415 - as above

    web_url, lists = settings.web_url, names_in(settings.web_subscribe_lists)
    say(f"The unsubscribe page is served at http://127.0.0.1:{port}/ for links to {web_url}.")
    if lists:
        names = ", ".join(map(printable, lists))
        say(f"The subscribe form is at {web_url}{FORM_PATH}, for {names}.")
    if web_url.startswith("https://"):
        say("To publish it with nginx, in the server block of that host:")
        for line in nginx_lines(web_url, port, form=bool(lists)).splitlines():
            say(f"    {line}")
        say("Or with Caddy, in the Caddyfile:")
        for line in caddy_lines(web_url, port, form=bool(lists)).splitlines():
            say(f"    {line}")
    say("Ctrl-C stops it.")
