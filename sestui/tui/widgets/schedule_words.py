"""Cron expressions as screens show them."""

from functools import lru_cache

from sestui.core.schedule.cron_words import in_words
from sestui.errors import UsageError


@lru_cache(maxsize=1_000)
def schedule_words(expression: str) -> str:
    """``at 09:00, on day 1 of the month``; the expression itself where it takes more than that."""
    try:
        return in_words(expression) or expression
    except UsageError:  # stored by an older version, or by hand
        return expression
