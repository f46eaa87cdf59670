"""The `sestui` command, which `python -m sestui` is too."""

import time

_BEGAN = time.monotonic()

from sestui.cli.main import main  # noqa: E402 - what importing takes is part of a command's time


def command() -> None:
    """Run the command line in a process of its own; exit with its code."""
    main(_BEGAN)


if __name__ == "__main__":
    command()
