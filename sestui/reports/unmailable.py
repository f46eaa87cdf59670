"""Recipients whose mail can't be rendered, as rows and as a file."""

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from sestui.compose.render_check import CheckReport
from sestui.core.spreadsheet import guarded
from sestui.reports.output_file import output_file

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Unmailable:
    """One of them."""

    contact_id: int
    email: str
    """'' where the contact is gone by now."""
    reason: str


class UnmailableRows:
    """Who can't be mailed, as a table's source: those of the most frequent reason first.

    ``emails`` gives the addresses of contacts by their ids; ``reason`` leaves the others out.
    """

    def __init__(
        self,
        report: CheckReport,
        emails: Callable[[Sequence[int]], dict[int, str]],
        reason: str | None = None,
    ) -> None:
        found = report.unrenderable
        reasons = [problem.sentence for problem in report.problems if problem.sentence in found]
        self._reasons = [each for each in reasons if reason in {None, each}]
        self._ids = [tuple(found[each]) for each in self._reasons]
        self._ends = list(accumulate(len(ids) for ids in self._ids))
        self._emails = emails

    def count(self) -> int:
        """How many there are."""
        return self._ends[-1] if self._ends else 0

    def page(self, offset: int, limit: int) -> Sequence[Unmailable]:
        """At most ``limit`` of them from number ``offset`` on; blocking."""
        numbers = range(offset, min(offset + limit, self.count()))
        places = [self._place(number) for number in numbers]
        emails = self._emails([contact_id for contact_id, _reason in places])
        return [Unmailable(each, emails.get(each, ""), reason) for each, reason in places]

    def _place(self, number: int) -> tuple[int, str]:
        block = bisect_right(self._ends, number)
        begin = self._ends[block - 1] if block else 0
        return self._ids[block][number - begin], self._reasons[block]

    def __iter__(self) -> Iterator[Unmailable]:
        """All of them, a page at a time."""
        for offset in range(0, self.count(), _AT_ONCE):
            yield from self.page(offset, _AT_ONCE)


def write_unmailable(rows: Iterable[tuple[str, str]], out: Path) -> int:
    """Write addresses and reasons as CSV to ``out``, whole or not at all; how many.

    Cells that a spreadsheet would run as a formula get a leading apostrophe.

    Raises:
        UsageError: ``out`` is a folder.
        SestuiError: it can't be written.
    """
    count = 0
    with output_file(out) as file:
        writer = csv.writer(file)
        writer.writerow(("email", "reason"))
        for email, reason in rows:
            writer.writerow((guarded(email), guarded(reason)))
            count += 1
    return count
