"""The files that travel with a mail."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from sestui.core.delivery.mail import MailAttachment
from sestui.tui.widgets.format import file_size, shorten

_WIDEST = 60


class Attachments(OptionList):
    """Lists them; one can be taken away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x,delete",
            "remove",
            "Remove",
            id="attachments.remove",
            tooltip="Send the mail without this file",
        ),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    @dataclass
    class Changed(Message):
        """There are others now."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(id=id, markup=False, compact=True)
        self.files: tuple[MailAttachment, ...] = ()
        """What is listed."""

    def show(self, files: tuple[MailAttachment, ...]) -> None:
        """List these."""
        self.files = files
        self.clear_options()
        self.add_options(
            [
                Option(
                    Content.assemble(
                        shorten(file.name, _WIDEST),
                        (f"  {file_size(len(file.content))}", "$text-muted"),
                    )
                )
                for file in files
            ]
            or [Option(Content.styled("none; + attaches a file", "$text-muted"), disabled=True)]
        )
        if files:
            self.highlighted = 0
        self.post_message(self.Changed())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What isn't there can't be taken away."""
        if action == "remove":
            return bool(self.files)
        return super().check_action(action, parameters)

    def action_remove(self) -> None:
        """Take away the one under the cursor."""
        at = self.highlighted
        if at is not None and at < len(self.files):
            self.show(self.files[:at] + self.files[at + 1 :])
