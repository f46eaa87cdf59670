"""Pause, resume and cancel runs."""

from sestui.core.clock import Clock
from sestui.core.delivery.states import ENDED_RUN_STATES, PauseReason, RunKind
from sestui.errors import StateError
from sestui.sending.runs.run_starter import RunStarter, Told
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.runs import Runs


class RunControl:
    """An operator's actions on unfinished runs, for commands and screens."""

    def __init__(self, campaigns: Campaigns, runs: Runs, starter: RunStarter, clock: Clock) -> None:
        self._campaigns = campaigns
        self._runs = runs
        self._starter = starter
        self._clock = clock

    def open_run(self, name: str) -> tuple[Campaign, Run]:
        """The campaign and its unfinished run.

        Raises:
            NotFoundError: there is no such campaign.
            StateError: it has no unfinished run.
        """
        campaign = self._campaigns.get(name)
        run = self._runs.latest([campaign.id]).get(campaign.id)
        if run is None:
            raise StateError(f"{name} has no run yet; `sestui campaign start {name}` starts one.")
        if run.state in ENDED_RUN_STATES:
            raise StateError(f"Run {run.number} of {name} is {run.state}; there is nothing to do.")
        return campaign, run

    def pause(self, name: str) -> Run:
        """Pause the run; calls in flight still get their answers."""
        _, run = self.open_run(name)
        return self.pause_run(run.id)

    def pause_run(self, run_id: int) -> Run:
        """Pause a run by its id."""
        return self._runs.pause(
            run_id, PauseReason.OPERATOR, "You paused this run.", at=self._clock.now()
        )

    def resume(
        self, name: str, *, skip_unrenderable: bool = False, told: Told | None = None
    ) -> Run:
        """Continue the run with the campaign's current message and sender.

        Raises:
            ContentError: the message can't be rendered for somebody; the run is unchanged.
        """
        campaign, run = self.open_run(name)
        if run.kind == RunKind.RELAY:
            return self._runs.resume(run.id)
        skip = skip_unrenderable or campaign.skip_unrenderable or run.skip_unrenderable
        check = self._starter.checked(campaign, skip=skip, told=told)
        return self._runs.resume(
            run.id, campaign, unrenderable=check.unrenderable, skip_unrenderable=skip
        )

    def resume_run(self, run_id: int, *, skip_unrenderable: bool = False) -> Run:
        """Resume a run by its id.

        Raises:
            StateError: it has ended.
        """
        run, name = self._runs.named(run_id)
        if run.kind != RunKind.CAMPAIGN:
            return self._runs.resume(run_id)
        if self.open_run(name)[1].id != run_id:
            raise StateError(f"Run {run.number} of {name} has ended in the meantime.")
        return self.resume(name, skip_unrenderable=skip_unrenderable)

    def cancel(self, name: str) -> Run:
        """End the run; pending recipients are skipped."""
        _, run = self.open_run(name)
        return self._runs.cancel(run.id, self._clock.now())
