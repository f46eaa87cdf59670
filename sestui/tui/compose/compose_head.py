"""The line over a draft: which campaign, whether it is saved, which page, what is found."""

from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from sestui.tui.compose.draft_form import PAGES
from sestui.tui.widgets.format import shorten

_NAME = 8
"""Cells that a name has at least."""
_LABELS = {"message": "m Message", "text": "a Plain text", "details": "d Details"}


@dataclass(frozen=True, slots=True)
class HeadSnapshot:
    """What the head line shows of a draft."""

    name: str
    state: str
    unsaved: bool
    kept: str
    """When that was saved, or autosaved if it is unsaved; '' if it never was."""
    kept_fails: bool
    """Whether what is unsaved can't be autosaved."""
    page: str
    errors: int
    warnings: int
    looked: bool
    """Whether the findings are known by now."""


class ComposeHead(Widget):
    """One line; the name gives way."""

    snapshot: reactive[HeadSnapshot | None] = reactive(None)

    def render(self) -> Content:
        """Name and state, pages, findings."""
        seen = self.snapshot
        if seen is None:
            return Content("")
        pages = Content("  ").join(
            Content.styled(
                _LABELS[page], "bold underline" if page == seen.page else "$text-muted"
            ).stylize(Style.from_meta({"@click": f"screen.page({page!r})"}))
            for page in PAGES
        )
        right = pages + Content("  ") + _found(seen)
        room = self.size.width - right.cell_length - _NAME - 4
        states = _states(seen)
        state = next((each for each in states if each.cell_length <= room), states[-1])
        room = self.size.width - right.cell_length - state.cell_length - 4
        name = Content.styled(shorten(seen.name, max(_NAME, room)), "bold")
        left = name + Content("  ") + state
        return left.truncate(max(1, self.size.width - right.cell_length - 1), pad=True) + right


def _states(seen: HeadSnapshot) -> list[Content]:
    """The draft's states in words, in variants from complete to the most important one."""
    state = Content.styled(seen.state, "$text-muted")
    if seen.unsaved:
        unsaved = Content.styled("not saved", "bold $text-warning")
        whole = unsaved + _autosaved(seen)
        offered = [[state, whole], [whole], [state, unsaved], [unsaved]]
    else:
        offered = [[state, Content.styled(seen.kept, "$text-muted")], [state]]
    return [Content("  ").join(part for part in parts if part) for parts in offered]


def _autosaved(seen: HeadSnapshot) -> Content:
    """How ``not saved`` goes on: what a crash would leave of it."""
    if seen.kept_fails:
        return Content.styled(f" and {seen.kept}", "bold $text-error")
    return Content.styled(f", only {seen.kept}" if seen.kept else "", "$text-muted")


def _found(seen: HeadSnapshot) -> Content:
    if not seen.looked:
        return Content.styled("…", "$text-muted")
    parts = []
    if seen.errors:
        parts.append(Content.styled(f"✗ {seen.errors}", "bold $text-error"))
    if seen.warnings:
        parts.append(Content.styled(f"! {seen.warnings}", "bold $text-warning"))
    return Content(" ").join(parts) if parts else Content.styled("✓", "bold $text-success")
