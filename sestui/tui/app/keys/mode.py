"""Whether letters are text or commands, depending on the focus."""

from textual.widget import Widget

WRITE = "WRITE"
"""Letters go into the field that has the focus."""
COMMAND = "COMMAND"
"""Letters do what the key bar says."""


def mode_of(focused: Widget | None) -> str:
    """:data:`WRITE` if what has the focus would take a letter for itself, else :data:`COMMAND`."""
    takes_letters = focused is not None and focused.check_consume_key("a", "a")
    return WRITE if takes_letters else COMMAND
