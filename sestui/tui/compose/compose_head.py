"""The line over a draft: which campaign, whether it is saved, which page, what is found."""

from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from sestui.tui.compose.draft_form import PAGES
from sestui.tui.widgets.format import shorten

_LABELS = {"message": "m Message", "text": "a Plain text", "details": "d Details"}


@dataclass(frozen=True, slots=True)
class HeadSnapshot:
    """What there is to say about a draft."""

    name: str
    state: str
    unsaved: bool
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
        saved = Content.styled("not saved", "bold $text-warning") if seen.unsaved else Content("")
        state = Content.styled(seen.state, "$text-muted") + Content("  ") + saved
        room = self.size.width - right.cell_length - state.cell_length - 4
        name = Content.styled(shorten(seen.name, max(8, room)), "bold")
        left = name + Content("  ") + state
        return left.truncate(max(1, self.size.width - right.cell_length - 1), pad=True) + right


def _found(seen: HeadSnapshot) -> Content:
    if not seen.looked:
        return Content.styled("…", "$text-muted")
    parts = []
    if seen.errors:
        parts.append(Content.styled(f"✗ {seen.errors}", "bold $text-error"))
    if seen.warnings:
        parts.append(Content.styled(f"! {seen.warnings}", "bold $text-warning"))
    return Content(" ").join(parts) if parts else Content.styled("✓", "bold $text-success")
