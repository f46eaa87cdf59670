"""The `sestui` command: global options, the commands, and errors as one sentence."""

import errno
import os
import sys
import time
import traceback
from typing import Annotated

import typer

from sestui import __version__, log
from sestui.cli import (
    account,
    apply,
    backup,
    config,
    contact,
    demo,
    doctor,
    events,
    export,
    lists,
    log_command,
    migrate,
    relay,
    segment,
    simulator,
    suppressions,
    undo,
    web,
)
from sestui.cli.campaigns import campaign, send, send_pending
from sestui.cli.imports import import_
from sestui.cli.setting_up import setup
from sestui.cli.shared import completion, streams
from sestui.cli.shared.commands import Commands, refuse_repeated
from sestui.cli.shared.common import Invocation, say
from sestui.cli.tasks import run_due, task
from sestui.errors import EXIT_DONE, EXIT_FAILED, SestuiError, SettingsError, UsageError

app = Commands(
    name="sestui",
    help="A campaign manager for Amazon SES that lives in the terminal: every recipient "
    "accounted for.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo_command)
app.command("import")(import_.import_command)
app.add_typer(migrate.app, name="migrate")
app.command("apply")(apply.apply_command)
app.command("plan")(apply.plan_command)
app.add_typer(campaign.app, name="campaign")
app.add_typer(contact.app, name="contact")
app.add_typer(lists.app, name="list")
app.add_typer(segment.app, name="segment")
app.command("undo")(undo.undo_command)
app.command("send")(send.send_command)
app.command("send-pending")(send_pending.send_pending_command)
app.command("run-due")(run_due.run_due_command)
app.add_typer(export.app, name="export")
app.command("account")(account.account_command)
app.command("doctor")(doctor.doctor_command)
app.add_typer(events.app, name="events")
app.command("setup")(setup.setup_command)
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(task.app, name="task")
app.add_typer(relay.app, name="relay")
app.add_typer(web.app, name="web")
app.add_typer(simulator.app, name="simulator")
app.command("backup")(backup.backup_command)
app.command("restore")(backup.restore_command)
app.command("log")(log_command.log_command)
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sestui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def everything(
    context: typer.Context,
    *,
    config_file: Annotated[
        str, typer.Option("--config", metavar="FILE", help="The TOML file with the settings.")
    ] = "",
    account_: Annotated[
        str, typer.Option("--account", metavar="simulator|ses", help="Where mail goes.")
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Override a setting for this command. Repeatable.",
            autocompletion=completion.assignments,
        ),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="The terminal UI in a browser on this machine.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="With --serve: port on 127.0.0.1; 0 picks a free one."),
    ] = None,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error, and log more."),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Open the terminal UI if there is no command."""
    # As environment, so that a simulator or any other child sees the same settings.
    if config_file:
        os.environ["SESTUI_CONFIG"] = config_file
    pairs = [_setting(pair) for pair in set_ or []]
    if account_:
        pairs.append(("account", account_))
    refuse_repeated("--set", (name for name, _ in pairs))
    given = dict(pairs)
    for name, value in given.items():
        os.environ[f"SESTUI_{name.upper()}"] = value
    if debug:
        os.environ["SESTUI_LOG_LEVEL"] = "debug"
        log.set_level("debug")
    context.obj = Invocation(frozenset(given), began=context.obj)
    if serve or port is not None:
        _serve(port, context.invoked_subcommand, serve=serve, debug=debug)
    elif context.invoked_subcommand is None:
        _screens()


def _serve(port: int | None, command: str | None, *, serve: bool, debug: bool) -> None:
    if not serve:
        raise UsageError("--port goes with --serve; other commands take it after their name.")
    if command is not None:
        raise UsageError(f"--serve shows the terminal UI; leave out {command}.")
    from sestui.cli.screens import DEFAULT_PORT, serve_app  # noqa: PLC0415 - as below

    serve_app(DEFAULT_PORT if port is None else port, debug=debug)


def _setting(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals:
        raise UsageError(f"--set {pair}: write it as NAME=VALUE.")
    config.check_name(name)
    return name, value


def _screens() -> None:
    served = "TEXTUAL_DRIVER" in os.environ  # then a browser is the terminal
    if not served and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The terminal UI needs a terminal; `sestui --help` lists the commands that don't."
        )
    from sestui.cli.screens import run_app  # noqa: PLC0415 - textual is slow to import

    run_app()


def main(began: float | None = None) -> None:
    """Run the command line; exit with its code.

    ``began`` is when the process began (monotonic seconds); None: now.
    """
    debug = "--debug" in sys.argv
    streams.set_up()
    code = EXIT_DONE
    try:
        try:
            app(obj=time.monotonic() if began is None else began)
        finally:
            sys.stdout.flush()  # an error is met here, not after the last chance to say so
    except SystemExit:
        _warn_of_variables()
        raise
    except streams.ReaderGoneError as gone:
        code = gone.exit_code
    except SestuiError as error:
        log.expected("A command has ended with an error.")
        if debug:
            traceback.print_exc()
        say(f"sestui: {error.on_command_line()}")
        code = error.exit_code
        if not isinstance(error, SettingsError):
            _warn_of_variables()
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user unasked
        log.exception("A command has failed.")
        if debug:
            traceback.print_exc()
        say(f"sestui: {_unforeseen(error)}")
        code = EXIT_FAILED
    sys.exit(code)


def _warn_of_variables() -> None:
    """Name what is in the environment like a setting and is none, where settings have been read.

    At the end, where it is seen, and where it may explain what has just failed.
    """
    settings = sys.modules.get("sestui.settings")
    if settings is not None and (said := settings.unknown_variables()):
        say(f"warning: {said}.")


def _unforeseen(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        return (
            "Too many files are open for this process. Raise the limit "
            "(`ulimit -n 4096`) or lower `senders`; nothing that was sent is lost."
        )
    return (
        f"an unexpected error occurred ({type(error).__name__}, see the log: `sestui log`); "
        "nothing that was sent is lost. Please report what the log shows."
    )
