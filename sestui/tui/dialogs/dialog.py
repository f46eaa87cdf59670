"""What every modal screen is made of."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A modal screen that answers once.

    Two keys may come before the first has closed it (a double enter). Textual would close whatever
    is on top by then for the second: the screen below, or the app.
    """

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Answer, unless that has happened."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
