"""What a schedule comes to, while it is typed: in words, and its next dates."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work
from textual.widgets import Static

from sestui.errors import SestuiError
from sestui.tui.widgets.format import shorten

if TYPE_CHECKING:
    from sestui.tasks.task_service import TaskForecast

_TYPING_SECONDS = 0.2
_SHOWN_DATES = 3
_FAULT_CELLS = 400
_LINE_CELLS = 200


class SchedulePreview(Static):
    """The schedule in words and its next dates, on the clocks of its zone."""

    def __init__(
        self,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        super().__init__("", id=id, markup=False)

    def say(self, sentence: str) -> None:
        """Show a sentence instead, such as what is missing yet."""
        self._ask(None, sentence)

    def show(self, forecast: "Callable[[], TaskForecast]") -> None:
        """Show what ``forecast`` says; it is asked off the UI thread, once typing has paused."""
        self._ask(forecast, "")

    @work(exclusive=True, group="forecast")
    async def _ask(self, forecast: "Callable[[], TaskForecast] | None", sentence: str) -> None:
        """A newer question cancels this one."""
        await asyncio.sleep(_TYPING_SECONDS)
        wrong = False
        if forecast is not None:
            try:
                found = await asyncio.to_thread(forecast)
                sentence = forecast_text(found)
            except SestuiError as error:
                sentence, wrong = shorten(str(error), _FAULT_CELLS), True
        self.set_class(wrong, "wrong")
        self.update(sentence)


def forecast_text(forecast: "TaskForecast") -> str:
    """A forecast in a few lines."""
    dates = forecast.dates[:_SHOWN_DATES]
    lines = [forecast.words, *(f"{'' if n else 'next':<6}{at}" for n, at in enumerate(dates))]
    return "\n".join(shorten(line, _LINE_CELLS) for line in lines)
