"""The keys that play an ended run again, as the run's screen offers them."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding
from textual.timer import Timer

from sestui.store.ledger.troubles import Troubles
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.campaigns.replay import Replay
from sestui.tui.campaigns.service import RunSnapshot

_FRAME_SECONDS = 0.1


class RunReplay(ScreenPart):
    """Plays, holds, seeks."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "space",
            "replay",
            "Replay",
            id="run.replay",
            tooltip="Play the run again from its beginning; hold it there, and go on",
        ),
        Binding(
            "full_stop",
            "faster",
            "Speed",
            key_display=".",
            id="run.replay_speed",
            tooltip="Play it at ten or a hundred times its speed, or at its own",
        ),
        Binding("left", "seek(-1)", "Back in the replay", show=False),
        Binding("right", "seek(1)", "On in the replay", show=False),
    ]

    def __init__(
        self,
        screen: BaseScreen,
        run: Callable[[], RunSnapshot | None],
        draw: Callable[[RunSnapshot], None],
    ) -> None:
        """``run`` tells how it stands now; ``draw`` shows it as it stood."""
        super().__init__(screen)
        self._run = run
        self._draw = draw
        self.replay: Replay | None = None
        self._timer: Timer | None = None
        self._last = 0.0

    def offers(self, action: str) -> bool:
        """Only where there is something to play, or a replay goes on."""
        if action == "replay":
            found = self._run()
            return found is not None and found.run.has_ended and found.series is not None
        return self.replay is not None

    def shown(self, now: RunSnapshot) -> RunSnapshot:
        """What is to be drawn: the run as it stands, or as it stood."""
        return now if self.replay is None else self.replay.snapshot(now)

    @in_worker("replay", exclusive=True)
    async def action_replay(self) -> None:
        """Begin, hold, go on."""
        if self.replay is not None:
            self.replay.toggle()
            self._redraw()
            return
        found = self._run()
        if found is None or found.series is None:
            return
        troubles = Troubles(self.runtime.database)
        timeline = await self.screen.attempt(lambda: troubles.timeline(found.run.id))
        if timeline is FAILED:
            return
        self.replay = Replay(found.series, timeline)
        self._last = self.services.clock.monotonic()
        self._timer = self.screen.set_interval(_FRAME_SECONDS, self._tick)
        self._redraw()

    def action_faster(self) -> None:
        """The next speed."""
        if self.replay is not None:
            self.replay.change_speed()
            self._redraw()

    def action_seek(self, steps: int) -> None:
        """Go on or back in the replay."""
        if self.replay is not None:
            self.replay.seek(steps)
            self._redraw()

    def step_back(self) -> bool:
        """End the replay; False: there was none."""
        if self.replay is None:
            return False
        self.replay = None
        if self._timer is not None:
            self._timer.stop()
        self._redraw()
        return True

    def _tick(self) -> None:
        now = self.services.clock.monotonic()
        passed, self._last = now - self._last, now
        if self.replay is not None and self.replay.playing:
            self.replay.tick(passed)
            self._redraw()

    def _redraw(self) -> None:
        if (found := self._run()) is not None:
            self._draw(self.shown(found))
        self.screen.offer_again()
