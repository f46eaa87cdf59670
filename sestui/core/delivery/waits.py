"""How long a waiting run waits.

It imports next to nothing, as `run-due` needs it every minute.
"""

from sestui.core.clock import Instant

LONGEST_WAIT_SECONDS = 86_400.0 + 60.0
"""A day, with a tolerance for corrections of the wall clock."""


def is_to_come(resume_at: Instant | None, now: Instant) -> bool:
    """Whether a wait until ``resume_at`` goes on; one without an end doesn't by itself.

    An instant further ahead than any wait dates from before the wall clock was set back.
    """
    return resume_at is not None and now < resume_at <= now + LONGEST_WAIT_SECONDS
