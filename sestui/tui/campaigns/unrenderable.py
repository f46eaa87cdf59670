"""Recipients for whom no mail can be made: look at them, or send to the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sestui.compose.render_check import CheckReport, UnrenderableError
from sestui.store.db.tables import Run
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.widgets.format import recipients, shorten

MOST = 200
"""So many of them are listed."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a start came to that some recipients hold up."""

    report: CheckReport
    people: Sequence[tuple[str, str]]
    """Address and reason, of the first few."""


def unless_unrenderable(
    start: Callable[[], Run], emails: Callable[[Sequence[int]], dict[int, str]]
) -> Run | LeftOut:
    """What ``start`` answers, or who holds it up; blocking.

    ``emails`` gives the addresses of contacts by their ids.
    """
    try:
        return start()
    except UnrenderableError as error:
        report = error.report
    reasons = {
        contact_id: reason for reason, ids in report.unrenderable.items() for contact_id in ids
    }
    first = sorted(reasons)[:MOST]
    found = emails(first)
    return LeftOut(report, [(found[each], reasons[each]) for each in first if each in found])


def unrenderable_screen(left_out: LeftOut) -> PickScreen:
    """Item 0 sends to the others; each other one is a recipient."""
    report = left_out.report
    rest = report.failed - len(left_out.people)
    more = f" Of them, {len(left_out.people):,} are listed." if rest else ""
    others = Item(
        f"Send to the other {report.sendable:,}",
        f"{recipients(report.failed)} will be skipped, with the reason.",
        enabled=bool(report.sendable),
    )
    people = [Item(email, shorten(reason, 200)) for email, reason in left_out.people]
    return PickScreen(
        f"The mail can't be rendered for {recipients(report.failed)}",
        [others, *people],
        text=f"Fix the message, open a contact to fix it, or send to the others.{more}",
    )
