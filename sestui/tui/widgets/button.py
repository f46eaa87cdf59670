"""Buttons that take every press."""

from textual.widgets import Button
from textual.widgets.button import ButtonVariant


class PushButton(Button):
    """A button that can be pressed again at once.

    Textual's drops presses while it shows the last one, for a fifth of a second: whoever corrects
    a field and presses again that quickly, or has it done by a script, would be ignored.
    """

    def __init__(
        self,
        label: str,
        variant: ButtonVariant = "default",
        *,
        id: str,  # noqa: A002 - textual's own name for it
        disabled: bool = False,
    ) -> None:
        super().__init__(label, variant, id=id, disabled=disabled)
        self.active_effect_duration = 0
