"""Day, weekday and steps as Debian's cron has them, by a table of what that one did.

The table was printed by Debian's own parser and its own comparison of times, minute by minute.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import pytest

from sestui.core.schedule.cron import occurrences
from sestui.errors import UsageError

BEGIN = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
END = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


def table() -> Iterator[tuple[str, frozenset[int], int]]:
    """Expression, its days (1130 is 30 November), and how often it fired."""
    for line in Path(__file__).with_name("debian_cron.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        expression, days, count = (part.strip() for part in line.split("|"))
        ends = [[int(end) for end in part.split("-")] for part in days.split()]
        whole = frozenset(day for end in ends for day in range(end[0], end[-1] + 1))
        yield expression, whole, int(count)


@pytest.mark.parametrize(("expression", "days", "count"), table())
def test_it_fires_when_debians_cron_does(expression: str, days: frozenset[int], count: int) -> None:
    try:
        found = (each.at for each in occurrences(expression, "UTC", BEGIN - 60))
        told = [*takewhile(lambda at: at < END, found)]
    except UsageError as error:
        if "never fires" not in str(error):
            raise
        told = []
    moments = [datetime.fromtimestamp(at, UTC) for at in told]
    assert {moment.month * 100 + moment.day for moment in moments} == days
    assert len(moments) == count


def test_three_that_a_real_friday_has_told() -> None:
    """What cron did on Friday, 27 November 2026."""
    friday = datetime(2026, 11, 27, tzinfo=UTC).timestamp()

    def fired(expression: str) -> bool:
        found = (each.at for each in occurrences(expression, "UTC", friday - 1))
        return next(found, END) < friday + 86_400

    assert fired("* * */2 * fri")
    assert fired("* * 1-31 * sat")
    assert not fired("* * */2 * sat")
