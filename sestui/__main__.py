"""The `sestui` command, which `python -m sestui` is too."""

import time

_BEGAN = time.monotonic()

from sestui import log  # noqa: E402 - what importing takes is part of a command's time
from sestui.cli.main import main  # noqa: E402 - as above
from sestui.cli.shared.common import say  # noqa: E402 - as above


def command() -> None:
    """Run the command line in a process of its own; exit with its code."""
    log.begin(lambda text: say(f"sestui: {text}"))
    main(_BEGAN)


if __name__ == "__main__":
    command()
