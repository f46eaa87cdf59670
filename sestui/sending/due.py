"""What is due: unfinished runs, and campaigns whose time has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sestui.core.clock import Clock
from sestui.core.states import RunState
from sestui.errors import ContentError, NotFoundError, StateError
from sestui.store.campaigns import Campaigns
from sestui.store.runs import Runs
from sestui.store.tables import Campaign, Run

if TYPE_CHECKING:
    from sestui.sending.start import Starter


@dataclass(slots=True)
class Started:
    """What starting the due campaigns came to."""

    run_ids: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """A sentence for each campaign that was due and could not be sent."""


class Due:
    """Looks for what `run-due` has to do, and starts it."""

    def __init__(self, campaigns: Campaigns, runs: Runs, clock: Clock) -> None:
        self._campaigns = campaigns
        self._runs = runs
        self._clock = clock

    def anything(self) -> bool:
        """Whether there is anything to do at all; two index look-ups."""
        return bool(self._campaigns.due(self._clock.now()) or self.unfinished())

    def unfinished(self) -> Sequence[Run]:
        """Runs that are sending or waiting."""
        return self._runs.in_states((RunState.SENDING, RunState.WAITING))

    def start_campaigns(self, starter: "Starter") -> Started:
        """Start a run of each campaign whose time has come, each occurrence once.

        A campaign whose message can't be rendered for everybody gets its run all the same, paused
        with the reason: its audience is kept, and resuming it checks again.
        """
        done = Started()
        for campaign in self._campaigns.due(self._clock.now()):
            try:
                run = self._start(starter, campaign, done)
            except (StateError, NotFoundError) as error:
                # Still due: the next run-due tries again.
                done.notes.append(f"{campaign.name} is due but was not started: {error}")
                continue
            if run is not None:
                done.run_ids.append(run.id)
            self._campaigns.set_next_due(campaign.id, self._next(campaign))
        return done

    def _start(self, starter: "Starter", campaign: Campaign, done: Started) -> Run | None:
        now, occurrence = self._clock.now(), campaign.next_due_at
        try:
            return starter.start(campaign, now, scheduled_for=occurrence)
        except ContentError as error:
            done.notes.append(f"{campaign.name} was started and paused: {error}")
            return self._runs.start(campaign, now, scheduled_for=occurrence, held_for=str(error))

    def _next(self, campaign: Campaign) -> float | None:
        if not campaign.schedule:
            return None
        from sestui.core.cron import next_fire  # noqa: PLC0415 - a minute with nothing due is quick

        return next_fire(campaign.schedule, campaign.timezone, self._clock.now())
