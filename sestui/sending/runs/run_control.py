"""Pause, resume and cancel runs."""

from collections.abc import Callable

from sestui.compose.checks import CampaignCheck
from sestui.core.clock import Clock
from sestui.core.delivery.states import (
    ENDED_RUN_STATES,
    SPLIT_WAITS,
    PauseReason,
    RunKind,
    RunState,
)
from sestui.errors import OtherAccountError, StateError
from sestui.sending.runs.account_guard import AccountGuard
from sestui.sending.runs.operator import operator
from sestui.sending.runs.run_starter import OnCheck, Progress, RunStarter, no_progress
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.holding import Holding, RunOnHold
from sestui.store.runs.new_runs import label_of
from sestui.store.runs.runs import Runs, breaker_error


class RunControl:
    """An operator's actions on unfinished runs, for commands and screens."""

    def __init__(
        self,
        campaigns: Campaigns,
        runs: Runs,
        holding: Holding,
        starter: RunStarter,
        clock: Clock,
        *,
        guard: AccountGuard,
        account: Callable[[], str],
    ) -> None:
        """``account`` returns the key of the account that mail goes to."""
        self._campaigns = campaigns
        self._runs = runs
        self._holding = holding
        self._starter = starter
        self._clock = clock
        self._guard = guard
        self._account = account

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
            raise StateError(
                f"{label_of(run).capitalize()} of {name} is {run.state}; there is nothing to do."
            )
        return campaign, run

    def pause(self, name: str) -> Run:
        """Pause the run; calls in flight still get their answers."""
        _, run = self.open_run(name)
        return self.pause_run(run.id)

    def pause_run(self, run_id: int) -> Run:
        """Pause a run by its id."""
        detail = f"Paused by {operator()}."
        return self._runs.pause(run_id, PauseReason.OPERATOR, detail, at=self._clock.now())

    def hold_run(self, run_id: int) -> RunOnHold | None:
        """Pause the run while somebody decides whether to cancel it; None: it stands still anyway.

        A process that ends meanwhile leaves the run paused, with that as the reason.
        """
        why = f"Paused by {operator()}, to decide whether to cancel it."
        return self._holding.hold(run_id, why, self._clock.now())

    def release_run(self, held: RunOnHold | None) -> None:
        """Undo the hold, as the run is not cancelled."""
        if held is not None:
            self._holding.release(held, self._clock.now())

    def cancel_run(self, run_id: int) -> Run:
        """End the run: pending recipients are skipped.

        Raises:
            StateError: it has ended.
        """
        return self._runs.cancel(run_id, self._clock.now())

    def refuse_tripped(self, name: str) -> None:
        """Raise the BreakerError that :meth:`resume` would raise."""
        _, run = self.open_run(name)
        if run.reason == PauseReason.BREAKER:
            raise breaker_error(run)

    def other_account(self, run_id: int) -> str:
        """Why the run needs a word of the operator's before it goes on, as a sentence: it belongs
        to another account than mail goes to now. '': it doesn't."""
        return self._guard.why_not(self._runs.get(run_id))

    def refuse_other_account(self, name: str) -> None:
        """Raise the OtherAccountError that :meth:`resume` would raise."""
        _, run = self.open_run(name)
        if why := self._guard.why_not(run):
            raise OtherAccountError(
                f"{label_of(run).capitalize()} of {name} can't just go on. {why}",
                by_option="--change-account sends the rest there.",
            )

    def resume(
        self,
        name: str,
        *,
        skip_unrenderable: bool = False,
        despite_breaker: bool = False,
        change_account: bool = False,
        on_check: OnCheck | None = None,
        check: CampaignCheck | None = None,
        progress: Progress = no_progress,
    ) -> Run:
        """Continue the run with the campaign's current message and sender.

        ``check`` and ``progress`` are as in :meth:`RunStarter.start`. ``despite_breaker``: also
        where bounces or complaints have paused it. ``change_account``: through the account that
        mail goes to now, also where it belongs to another.

        Raises:
            BreakerError: they have, and ``despite_breaker`` is not given.
            OtherAccountError: it does, and ``change_account`` is not given.
            ConflictError: the campaign has been changed since ``check``.
            ContentError: the message can't be rendered for somebody; the run is unchanged.
        """
        campaign, run = self.open_run(name)
        if run.kind != RunKind.CAMPAIGN:  # its mails are stored, or made from what is
            return self._runs.resume(run.id)
        _refuse_undecided(run)
        if not change_account:
            self.refuse_other_account(name)
        moves = not self._guard.may_send(run)
        skip = skip_unrenderable or campaign.skip_unrenderable or run.skip_unrenderable
        check = self._starter.checked(
            campaign, skip=skip, on_check=on_check, check=check, progress=progress
        )
        return self._runs.resume(
            run.id,
            campaign,
            unrenderable=check.unrenderable,
            skip_unrenderable=skip,
            despite_breaker=self._clock if despite_breaker else None,
            move_to=(self._account(), self._clock) if moves else None,
        )

    def resume_run(
        self,
        run_id: int,
        *,
        skip_unrenderable: bool = False,
        despite_breaker: bool = False,
        change_account: bool = False,
        check: CampaignCheck | None = None,
    ) -> Run:
        """Resume a run by its id; ``despite_breaker`` and ``change_account`` as in :meth:`resume`.

        Raises:
            BreakerError, OtherAccountError: as in :meth:`resume`.
            StateError: it has ended, or waits for its winner.
        """
        run, name = self._runs.named(run_id)
        if run.kind != RunKind.CAMPAIGN:
            return self._runs.resume(run_id)
        if self.open_run(name)[1].id != run_id:
            raise StateError(f"{label_of(run).capitalize()} of {name} has ended in the meantime.")
        return self.resume(
            name,
            skip_unrenderable=skip_unrenderable,
            despite_breaker=despite_breaker,
            change_account=change_account,
            check=check,
        )

    def cancel(self, name: str) -> Run:
        """End the run; pending recipients are skipped."""
        _, run = self.open_run(name)
        return self.cancel_run(run.id)


def _refuse_undecided(run: Run) -> None:
    """Let nobody resume what would wait again at once."""
    if run.state == RunState.WAITING and run.reason in SPLIT_WAITS:
        raise StateError(
            f"{label_of(run).capitalize()} waits for the winner of its split. {run.detail}",
            by_option="`sestui campaign winner` chooses it now.",
        )
