"""Choose the audience of a follow-up; each choice shows its number of recipients."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from sestui.core.campaign.follow_up import Only
from sestui.errors import SestuiError
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.widgets.format import recipients, shorten

WHOM = {
    Only.FAILED: "Recipients that SES refused",
    Only.UNRECEIVED: "Everyone on the lists who has not received it",
    Only.JOINED: "Contacts who have joined the lists since",
}


class FollowUpScreen(PickScreen):
    """Answers the number of an :class:`Only`; numbers appear as they are counted."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, campaign: str, count: Callable[[Only], int]) -> None:
        super().__init__(
            f"Follow up on {shorten(campaign, 50)}",
            [Item(WHOM[only], "counting …") for only in Only],
            text="A new run with the current message. Nobody who has received it, or may have, "
            "gets it again.",
        )
        self._count = count
        self.sizes: dict[Only, int] = {}
        """What is counted so far."""

    def on_mount(self) -> None:
        """Count while the operator reads."""
        super().on_mount()
        self._count_all()

    @work(exclusive=True, group="count")
    async def _count_all(self) -> None:
        for number, only in enumerate(Only):
            try:
                size = await asyncio.to_thread(self._count, only)
            except SestuiError as error:
                note, enabled = shorten(str(error), 100), True
            else:
                self.sizes[only] = size
                note, enabled = recipients(size), size > 0
            self.items[number] = Item(WHOM[only], note, enabled)
            self.show_items()
