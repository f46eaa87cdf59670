"""How many contacts are in a segment and who, while it is typed."""

import asyncio
from collections.abc import Callable

from textual import work
from textual.widgets import Static

from sestui.errors import SestuiError
from sestui.tui.widgets.format import shorten

_TYPING_SECONDS = 0.3
_CELLS = 400


class SegmentCount(Static):
    """A number with a few addresses, or what is wrong with the expression."""

    def __init__(
        self,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        super().__init__("", id=id, markup=False)

    @work(exclusive=True, group="count")
    async def show(self, count: Callable[[], str]) -> None:
        """Show what ``count`` says; it is asked off the UI thread, once typing has paused.

        A newer question takes the place of this one.
        """
        await asyncio.sleep(_TYPING_SECONDS)
        try:
            sentence, wrong = await asyncio.to_thread(count), False
        except SestuiError as error:
            sentence, wrong = str(error), True
        self.set_class(wrong, "wrong")
        self.display = bool(sentence)
        self.update(shorten(sentence, _CELLS))
