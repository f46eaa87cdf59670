"""Makes runs wait for the account: no quota left, sending disabled, or SES out of reach.

It belongs to the engine's thread, which asks it once a tick; SES is asked in other threads.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from sestui.core.clock import Clock
from sestui.core.delivery.handover import HoldBack
from sestui.core.delivery.states import PauseReason
from sestui.sending.engine.account_poller import AccountPoller, AccountReading
from sestui.sending.engine.answer_policy import AnswerPolicy, Pause, not_now
from sestui.sending.engine.dispatch import Dispatcher
from sestui.sending.engine.ports import AccountView, SendingRuns

LASTING_SECONDS = 30.0
"""How long an outage usually is before the runs wait."""

_EXACT_SECONDS = 60.0
"""So long a used-up quota is asked about until nothing is in the air anywhere."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class AccountCheck:
    """What has to be done after a check."""

    pauses: list[Pause] = field(default_factory=list)
    runs_changed: bool = False
    """Runs were made to wait, or to go on: the list of them has to be read again."""


class AccountMonitor:
    """Whether the account lets the runs send; makes them wait and go on again by that."""

    def __init__(
        self,
        account: AccountView,
        dispatcher: Dispatcher,
        policy: AnswerPolicy,
        book: SendingRuns,
        clock: Clock,
        *,
        lasting_seconds: float,
    ) -> None:
        """After an outage of ``lasting_seconds`` the runs wait and say why."""
        self._poller = AccountPoller(account, clock)
        self._dispatcher = dispatcher
        self._policy = policy
        self._book = book
        self._clock = clock
        self._lasting_seconds = lasting_seconds
        self._quota_used_up = False
        self._exhausted_since = 0.0
        self._outage_began: float | None = None
        self.runs_wait = False
        """Runs wait until the account answers."""

    @property
    def exhausted(self) -> bool:
        """The quota is used up, by our own reckoning or by SES's word."""
        return self._quota_used_up or self._policy.quota_refused

    @property
    def outage(self) -> str:
        """Why nothing leaves, as a sentence; '' when there is no outage."""
        unreachable = self._dispatcher.unreachable
        if unreachable is not None:
            return not_now(unreachable.reason, unreachable.code)
        brake = self._dispatcher.brake
        return self._policy.outage if brake.since is None else not_now(brake.reason)

    def quota_used_up(self) -> None:
        """Note that the ledger has found no room in the quota."""
        self._quota_used_up = True

    def check(self, run_ids: Sequence[int], *, written: bool) -> AccountCheck:
        """Act on what is known of the account; never blocks.

        ``run_ids`` are the runs that are sending; ``written``: every answer is in the ledger.
        """
        done = AccountCheck()
        now = self._clock.monotonic()
        if not self.exhausted:
            self._exhausted_since = now
        drained = written and not self._dispatcher.in_the_air
        asks = self.runs_wait or self._dispatcher.brake.needs_account
        reading = self._poller.poll(wanted=asks or (self.exhausted and drained))
        if reading is not None:
            self._use(reading, run_ids, done, now)
        self._check_outage(run_ids, done, now)
        return done

    def _use(
        self, reading: AccountReading, run_ids: Sequence[int], done: AccountCheck, now: float
    ) -> None:
        if reading.status is None:
            self._policy.trouble = reading.trouble
            return
        self._dispatcher.account_answered()
        if self.runs_wait:
            self._book.account_answered()
            # What is sent next shows whether this is the end of the outage.
            self.runs_wait = False
            self._outage_began = None
            done.runs_changed = True
        if reading.status.max_send_rate <= 0:
            self._policy.trouble = (
                "SES does not allow this account to send: its rate is 0 a second."
            )
        if not reading.status.sending_enabled:
            done.pauses += _paused(run_ids, "SES says that sending is disabled.")
        # While others have mail in the air, it may be counted twice and be too little that is left.
        if self.exhausted and (reading.exact or now - self._exhausted_since > _EXACT_SECONDS):
            self._book.wait_for_quota(run_ids, refused_by_ses=self._policy.quota_refused)
            self._quota_used_up = self._policy.quota_refused = False
            done.runs_changed = True

    def _check_outage(self, run_ids: Sequence[int], done: AccountCheck, now: float) -> None:
        refused = self._dispatcher.unreachable
        if refused is not None and refused.hold_back is HoldBack.PAUSED:
            done.pauses += _paused(run_ids, f"{refused.code}: {refused.reason}")
            return
        outage = self.outage
        if not outage:
            self._outage_began = None
            return
        if self._outage_began is None:
            self._outage_began = now
        if run_ids and now - self._outage_began > self._lasting_seconds:
            detail = f"{outage} sestui keeps asking SES, and continues when it answers."
            _log.warning("%s", detail)
            self._book.wait_for_account(run_ids, detail)
            self.runs_wait = done.runs_changed = True


def _paused(run_ids: Sequence[int], detail: str) -> list[Pause]:
    return [Pause(run_id, PauseReason.ACCOUNT, detail) for run_id in run_ids]
