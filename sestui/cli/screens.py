"""Open the terminal UI in this terminal or in a browser on this machine."""

import contextlib
import sys
from functools import partial

import typer

from sestui import log
from sestui.cli.shared.common import opened
from sestui.core.installation import extra_command
from sestui.errors import SestuiError, UsageError

DEFAULT_PORT = 4580


def run_app() -> None:
    """Run the app with this process's settings; it opens the runtime after its first frame.

    Raises:
        SestuiError: settings or database can't be used.
    """
    from sestui.settings import check_variables, load_settings  # noqa: PLC0415 - pydantic is slow
    from sestui.tui.app.app import SestuiApp  # noqa: PLC0415 - so is textual
    from sestui.tui.app.lifecycle import DUE_SECONDS  # noqa: PLC0415 - as above

    settings = load_settings()
    check_variables()  # it sends, and the screen hides stderr
    with contextlib.ExitStack() as stack:
        app = SestuiApp(
            settings, lambda: stack.enter_context(opened(settings)), due_seconds=DUE_SECONDS
        )
        with log.uncaught_to(partial(app.notify, severity="error", timeout=30, markup=False)):
            app.run()
        if app.failure is not None:
            raise app.failure
        if app.return_code:
            # The parent must not take it for a success.
            raise SestuiError(
                "The app has stopped because of a bug, see the log: `sestui log`; nothing that "
                "was sent is lost, start it again to continue."
            )


def serve_app(port: int, *, debug: bool) -> None:
    """Serve the app to browsers on this machine until interrupted.

    Raises:
        UsageError: the extra ``web`` is not installed, or the port can't be used.
    """
    try:
        from sestui.tui.web.server import serve  # noqa: PLC0415 - wants the extra
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--serve needs the extra `web` ({error.name} is missing): {extra_command('web')} "
            "installs it."
        ) from error
    with opened():
        pass  # errors of settings or database are reported here, not on an empty page
    # A process of its own for each page, with our settings: they are in the environment by now.
    command = [sys.executable, "-P", "-m", "sestui", *(["--debug"] if debug else [])]
    # What an app has to say when it fails is narration.
    with contextlib.redirect_stdout(sys.stderr):
        serve(command, port, _announce_where)
    typer.echo("Stopped serving; unsent mail stays queued.", err=True)


def _announce_where(url: str) -> None:
    typer.echo(
        f"sestui is at {url}\n"
        "for a browser on this machine; anyone with this address can do what you can. Ctrl-C "
        "stops it.",
        err=True,
    )
