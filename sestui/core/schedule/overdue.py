"""Detect due work that nothing runs."""

from sestui.core.clock import Instant

OVERDUE_SECONDS = 180.0
"""`run-due` comes every minute, and starts what is due within its first second."""

NOBODY = "nothing runs tasks here"


def overdue(due_at: Instant | None, now: Instant, ran_at: Instant | None = None) -> str:
    """``overdue 3 min`` if it should have been started long ago; else ''.

    ``ran_at`` is when `run-due` last ran. If that was recently, it reports the reason itself.
    """
    late = 0.0 if due_at is None else now - due_at
    if late < OVERDUE_SECONDS:
        return ""
    if ran_at is not None and abs(now - ran_at) < OVERDUE_SECONDS:
        return ""
    units = (("days", 86_400), ("h", 3_600))
    name, seconds = next((unit for unit in units if late >= 2 * unit[1]), ("min", 60))
    return f"overdue {late // seconds:,.0f} {name}"
