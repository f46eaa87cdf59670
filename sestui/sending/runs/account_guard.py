"""Keep runs on the account that they were started for.

The rest of a run that goes through the simulator would reach nobody, and the rest of a dry run
would reach everybody, if a process with other settings simply went on with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sestui.core.clock import Clock
from sestui.core.delivery.account_key import account_words, belongs_to
from sestui.core.delivery.states import GOING_RUN_STATES, OPERATOR_WAITS, PauseReason, RunKind
from sestui.errors import StateError
from sestui.store.db.tables import Run
from sestui.store.runs.runs import Runs


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """A run that was paused because it belongs to another account."""

    run_id: int
    sentence: str


class AccountGuard:
    """Tells which runs may be sent through this process's account.

    ``account`` returns its key, and is called only where a run is bound to one. ``senders`` returns
    the keys of the accounts that registered senders use.
    """

    def __init__(
        self,
        runs: Runs,
        account: Callable[[], str],
        senders: Callable[[], set[str]],
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._account = account
        self._senders = senders
        self._clock = clock

    def may_send(self, run: Run) -> bool:
        """Whether the run belongs to this account; tests, notices and relayed mail go anywhere."""
        if run.kind != RunKind.CAMPAIGN or not run.account:
            return True
        return belongs_to(run.account, self._account())

    def why_not(self, run: Run) -> str:
        """Why the run isn't sent through this account, as a sentence; '' if it may be."""
        if self.may_send(run):
            return ""
        return (
            f"It was started for {account_words(run.account)}, but mail goes to "
            f"{account_words(self._account())} now: change the account back, or resume it and "
            "confirm that the rest goes there."
        )

    def hold(self, runs: Sequence[Run]) -> list[ForeignRun]:
        """Pause those of the runs that are going, belong elsewhere, and that nobody else sends."""
        foreign = [
            run
            for run in runs
            if run.state in GOING_RUN_STATES
            and run.reason not in OPERATOR_WAITS
            and not self.may_send(run)
        ]
        senders = self._senders() if foreign else set()
        held = []
        for run in foreign:
            if any(belongs_to(run.account, each) for each in senders):
                continue
            try:
                self._runs.pause(
                    run.id, PauseReason.ACCOUNT, self.why_not(run), at=self._clock.now()
                )
            except StateError:
                continue  # it has ended meanwhile
            name = self._runs.named(run.id)[1]
            held.append(
                ForeignRun(run.id, f"Run {run.number} of {name} is paused. {self.why_not(run)}")
            )
        return held
