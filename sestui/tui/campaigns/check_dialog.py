"""The dialog that checks everyone's mail before a start, with progress and a way to cancel."""

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from sestui.core.percent import percent
from sestui.errors import StoppedError
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.start_check import CheckJob, PlannedStart, StartCheck
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.format import bar, grouped, recipients, shorten

_PROGRESS_SECONDS = 0.1
_BAR = 30


class CheckScreen(Dialog[StartCheck | None]):
    """Returns the result of the check, or None if it was cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", tooltip="Cancel the check; nothing is sent")
    ]

    def __init__(self, services: ScreenServices, planned: PlannedStart) -> None:
        super().__init__()
        self._jobs = services.jobs
        self._planned = planned
        self.job = CheckJob(services.runtime, planned)
        self._found: StartCheck | None = None
        self._ended = False

    def compose(self) -> ComposeResult:
        """What is checked, and how far it is."""
        name = shorten(self._planned.campaign, 60)
        with Vertical(id="dialog"):
            yield Static(f"Checking {name}", id="question", markup=False)
            yield Static(self._what(), id="checked", markup=False)
            yield Static("", id="progress", markup=False)

    def on_mount(self) -> None:
        """Begin, and tell how far it is."""
        self.set_interval(_PROGRESS_SECONDS, self._show_progress)
        self._check()

    def on_unmount(self) -> None:
        """Stop it, as its result is no longer needed."""
        self.job.stop()

    @work(exclusive=True, group="check")
    async def _check(self) -> None:
        self._jobs.add(self.job)
        try:
            self._found = await asyncio.to_thread(self.job.run)
        except StoppedError:
            pass
        finally:
            self._jobs.remove(self.job)
        self._ended = True
        self.dismiss(self._found)

    def on_screen_resume(self) -> None:
        """Help may have lain on top of it when it ended."""
        if self._ended:
            self.dismiss(self._found)

    def _what(self) -> str:
        count = self.job.audience
        who = f"the mail of {recipients(count)}" if count else "everyone's mail"
        return f"Rendering {who} once. Nothing is sent before you have said so."

    def _show_progress(self) -> None:
        looked_at, audience = self.job.looked_at, self.job.audience
        if not audience:
            return
        self.query_one("#checked", Static).update(self._what())
        drawn = Content.styled(bar(looked_at / audience, _BAR), "$primary on $surface-lighten-1")
        far = f" {percent(looked_at, audience):>5}   {grouped(looked_at)}   esc cancels"
        self.query_one("#progress", Static).update(drawn + Content(far))

    def action_cancel(self) -> None:
        """Go back; the check ends by itself with the next few mails."""
        self.job.stop()
        self.dismiss(None)
