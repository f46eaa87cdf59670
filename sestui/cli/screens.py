"""Opening the terminal UI."""

from sestui.cli.common import opened


def run_app(follow: int | None = None) -> None:
    """The app over the runtime of this process's settings; ``follow`` opens that run."""
    from sestui.tui.app import SestuiApp  # noqa: PLC0415 - textual is slow to import

    with opened() as runtime:
        SestuiApp(runtime, follow=follow).run()
