"""What an outage may cost."""

import os

_QUIET = 25
"""Recipients in doubt at 200/s (docs/architecture.md, Numbers)."""

_BUSY = 40


def most_in_doubt() -> int:
    """How many recipients one outage may leave in doubt at 200/s.

    As many calls are in flight as leave while one is answered. On a machine with more to do than it
    has processors for, answers take longer, whoever is to blame; so more of them are lost with it.
    """
    return _QUIET if os.getloadavg()[0] <= (os.cpu_count() or 1) else _BUSY
