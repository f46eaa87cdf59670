"""Who a contact is, in a few lines."""

from collections.abc import Callable
from itertools import islice

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive

from sestui.core.clock import Instant
from sestui.core.contact.person_name import composed_name
from sestui.core.delivery.states import ContactStatus, Standing
from sestui.reports.contact_record import ContactRecord
from sestui.tui.contacts.contact_cells import STANDING_KINDS
from sestui.tui.widgets.drawn import DrawnWidget
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.pager import folded

_COLOURS = {"good": "$text-success", "warning": "$text-warning", "bad": "$text-error"}
_QUIET = "$text-muted"
_LABEL = 8
_LINES = 3
"""What a long fact may take."""


class ContactHead(DrawnWidget):
    """Address and standing, a composed name, why they are not mailed, lists and tags."""

    changes_height = True

    record: reactive[ContactRecord | None] = reactive(None, repaint=False)

    def __init__(self, say: Callable[[Instant], str]) -> None:
        """``say`` puts an instant into words that follow a verb: ``at 10:37``."""
        super().__init__()
        self._say = say

    def watch_record(self) -> None:
        """Most looks at a contact show what the last one did."""
        self.redraw()

    def draw(self) -> Content:
        """A line each; what they don't have has none."""
        return Content("\n").join(self._lines(self.size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as that width takes."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        record = self.record
        if record is None:
            return []
        room = max(8, width - _LABEL)
        lines = [self._title(record, width)]
        for label, text, style in self._facts(record):
            parts = list(islice(folded(shorten(text, _LINES * room), room), _LINES))
            labels = [label, *[""] * len(parts)]
            for quiet, part in zip(labels, parts, strict=False):
                head = Content.styled(f"{quiet:<{_LABEL}}", _QUIET)
                lines.append(head + Content.styled(part, style))
        return lines

    def _title(self, record: ContactRecord, width: int) -> Content:
        standing = record.standing
        colour = _COLOURS[STANDING_KINDS[standing]] if standing else _QUIET
        status = Content.styled(standing.value if standing else "not a contact", f"bold {colour}")
        room = max(8, width - status.cell_length - 2)
        title = Content.styled(shorten(record.email, room), "bold")
        return title.truncate(room, pad=True) + Content("  ") + status

    def _facts(self, record: ContactRecord) -> list[tuple[str, str, str]]:
        """Label, text and style of each line."""
        contact, suppression = record.contact, record.suppression
        facts = []
        if suppression is not None:
            since = self._say(suppression.created_at)
            facts.append(("why", f"suppressed {since}: {suppression.why}", "$text-error"))
        if contact is None:
            return [*facts, ("", "no contact has this address", _QUIET)]
        if contact.status != ContactStatus.ACTIVE and (
            contact.status_reason or record.standing is Standing.SUPPRESSED
        ):
            said = ": ".join(part for part in (contact.status, contact.status_reason) if part)
            facts.append(("why", said, "$text-warning"))
        if name := composed_name(contact.attributes):
            facts.append(("name", name, ""))
        lists = ", ".join(f"{each.name} (joined {self._say(each.at)})" for each in record.lists)
        facts.append(("lists", lists or "none: press L to add them to one", ""))
        if contact.tags:
            facts.append(("tags", ", ".join(contact.tags), ""))
        return facts
