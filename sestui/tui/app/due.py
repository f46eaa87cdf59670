"""Due campaigns start while the screens are open, with a `run-due` in the crontab or without."""

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from sestui.core.delivery.states import RunState
from sestui.errors import SestuiError
from sestui.runtime import Runtime
from sestui.tui.widgets.format import recipients, shorten

_NAME_CELLS = 60

Notify = Callable[[str, Literal["information", "warning"]], object]
"""Called with a sentence, and with how bad that is."""

_log = logging.getLogger(__name__)


class DueCampaigns:
    """Starts due campaigns; each occurrence once, however many processes check at the same time."""

    def __init__(self, runtime: Runtime, notify: Notify) -> None:
        """``notify`` is called on the UI's thread."""
        self._runtime = runtime
        self._notify = notify
        self._guarded = False
        self._told: tuple[str, ...] = ()
        """What held campaigns back at the last check, which is not told again."""

    async def keep_starting(self, seconds: float) -> None:
        """Check every ``seconds``, until cancelled."""
        while True:
            try:
                await self._check()
            except SestuiError as error:  # a database that is busy: the sender says what lasts
                _log.debug("Due campaigns can't be started now: %s", error)
            await asyncio.sleep(seconds)

    async def _check(self) -> None:
        started, held = await asyncio.to_thread(self._start)
        for sentence in started:
            self._notify(sentence, "information")
        for sentence in held:
            if sentence not in self._told:
                self._notify(sentence, "warning")
        self._told = held

    def _start(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Start due campaigns; returns sentences about those started or held. Blocks."""
        scheduler, held = self._runtime.campaign_scheduler, []
        if not self._guarded:  # an older copy may not know that it was sent
            held = scheduler.hold_restored()
            self._guarded = True
        done = scheduler.start_campaigns()
        started = [self._sentence(run_id) for run_id in done.run_ids]
        return tuple(filter(None, started)), (*held, *done.notes, *done.told)

    def _sentence(self, run_id: int) -> str:
        """A sentence about a started run; '' if it is held, which is reported elsewhere."""
        run, name = self._runtime.runs.named(run_id)
        if run.state != RunState.SENDING:
            return ""
        reach = self._runtime.overview.reach(self._runtime.campaigns.get(name))
        most = run.pending + run.sending
        if reach is not None and reach.mailable is not None:
            most = min(most, reach.mailable)  # the others are skipped
        return (
            f"{shorten(name, _NAME_CELLS)} has started, as scheduled: run {run.number}, "
            f"up to {recipients(most)}."
        )
