"""The child process of ``launch``: serves until its standard input ends.

Prints one JSON line: ``{"port": N}``, or ``{"error": sentence, "kind": name}`` and exits with 1.
"""

import argparse
import json
import sys
from pathlib import Path

from sestui import log
from sestui.errors import EXIT_DONE, EXIT_FAILED, SestuiError
from sestui.simulator.api.serve import serve


def main() -> int:
    """Run the child; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m sestui.simulator")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--quota", type=int)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--sandbox", choices=("True", "False"))
    parser.add_argument("--recipients")
    parser.add_argument("--log-folder", type=Path)
    parser.add_argument("--log-level", choices=log.LEVELS, default="info")
    options = parser.parse_args()
    if options.log_folder is not None:  # of an uncaught error launch shows the last line
        log.set_up(options.log_folder, options.log_level)
    try:
        serve(
            options.workspace,
            port=options.port,
            rate=options.rate,
            quota=options.quota,
            latency=options.latency,
            jitter=options.jitter,
            sandbox=None if options.sandbox is None else options.sandbox == "True",
            recipients=options.recipients,
            announce=lambda port: _say({"port": port}),
            until_stdin_ends=True,
        )
    except SestuiError as error:
        log.expected("The simulator can't serve.")
        _say({"error": str(error), "kind": type(error).__name__})
        return EXIT_FAILED
    return EXIT_DONE


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
