"""Whether what is due has been left waiting because nothing runs it."""

from sestui.core.clock import Instant

OVERDUE_SECONDS = 180.0
"""`run-due` comes every minute, and takes up all that is due within its first second."""

NOBODY = "nothing runs tasks here"


def overdue(due_at: Instant | None, now: Instant, ran_at: Instant | None = None) -> str:
    """``overdue 3 min`` if what was due then should long have been taken up; '' if it needn't.

    ``ran_at`` is when `run-due` was at work last: if that was just now, what it has left has other
    reasons, which it tells.
    """
    late = 0.0 if due_at is None else now - due_at
    if late < OVERDUE_SECONDS:
        return ""
    if ran_at is not None and abs(now - ran_at) < OVERDUE_SECONDS:
        return ""
    units = (("days", 86_400), ("h", 3_600))
    name, seconds = next((unit for unit in units if late >= 2 * unit[1]), ("min", 60))
    return f"overdue {late // seconds:,.0f} {name}"
