"""Titles of panels: what stands in the frame of whatever has the class ``panel``."""

from textual.content import Content
from textual.widget import Widget

from sestui.tui.widgets.format import shorten

_LONGEST = 200


def is_tight(widget: Widget) -> bool:
    """Whether frames have only their upper line: in the density compact, and on a low screen."""
    if not widget.is_attached:
        return False
    return widget.app.has_class("-compact") or widget.screen.has_class("-tight")


def frame(widget: Widget, title: str, note: str = "") -> None:
    """Give ``widget`` the frame, its ``title`` above and a ``note`` below, whatever is in them."""
    widget.add_class("panel")
    if note and is_tight(widget):
        title, note = f"{title} · {note}", ""  # there is no line below
    above, below = (Content(shorten(text, _LONGEST)) for text in (title, note))
    if (widget.border_title or "") != above.markup:  # setting it paints the frame anew
        widget.border_title = above
    if (widget.border_subtitle or "") != below.markup:
        widget.border_subtitle = below
