"""What is wrong with a draft, the worst first; enter or a click goes there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from sestui.core.content.lint.findings import Finding
from sestui.tui.compose.finding_signs import SIGNS
from sestui.tui.widgets.format import shorten

_WIDEST = 300


class FindingsList(OptionList):
    """As high as there are findings, up to what the stylesheet allows; away when there are none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Go there", id="findings.go", tooltip="Go to the problem"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """A finding was chosen."""

        finding: Finding

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(id=id, markup=False, compact=True)
        self.findings: tuple[Finding, ...] = ()
        """What is listed."""
        self._walking = False
        """Whether :meth:`next` has been at the first one."""
        self.display = False

    def show(self, findings: Sequence[Finding]) -> None:
        """List these; the cursor stays where it was."""
        if tuple(findings) == self.findings:
            return
        cursor = self.highlighted or 0
        self.findings = tuple(findings)
        self._walking = False
        self.clear_options()
        self.add_options([Option(_line(finding)) for finding in self.findings])
        self.display = bool(self.findings)
        if self.findings:
            self.highlighted = min(cursor, len(self.findings) - 1)

    def next(self) -> Finding | None:
        """The first finding, then at each call the one below it, and round again."""
        if not self.findings:
            return None
        at = -1 if self.highlighted is None or not self._walking else self.highlighted
        self._walking = True
        self.highlighted = (at + 1) % len(self.findings)
        return self.findings[self.highlighted]

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self.findings[event.option_index]))


def _line(finding: Finding) -> Content:
    mark, colour = SIGNS[finding.severity]
    return Content.assemble((f"{mark} ", f"${colour}"), shorten(finding.sentence, _WIDEST))
