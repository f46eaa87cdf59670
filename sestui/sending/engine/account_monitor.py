"""Make runs wait for the account: quota used up, sending disabled, or SES unreachable.

It runs in the engine's thread, once a tick; SES is asked in other threads.
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
"""Default duration of an outage before runs are set to wait."""

_EXACT_SECONDS = 60.0
"""How long to wait for a reading of a used-up quota with nothing in flight."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class AccountCheck:
    """The consequences of a check."""

    pauses: list[Pause] = field(default_factory=list)
    runs_changed: bool = False
    """Whether runs were set to wait or resumed, so that their list has to be read again."""


class AccountMonitor:
    """Sets runs to wait for the account, and wakes them again."""

    def __init__(
        self,
        account: AccountView,
        dispatcher: Dispatcher,
        policy: AnswerPolicy,
        runs: SendingRuns,
        clock: Clock,
        *,
        lasting_seconds: float,
    ) -> None:
        """Runs wait after an outage of ``lasting_seconds``."""
        self._poller = AccountPoller(account, clock)
        self._dispatcher = dispatcher
        self._policy = policy
        self._runs = runs
        self._clock = clock
        self._lasting_seconds = lasting_seconds
        self._quota_used_up = False
        self._exhausted_since = 0.0
        self._outage_began: float | None = None
        self.runs_wait = False
        """Whether runs wait until the account answers."""

    @property
    def exhausted(self) -> bool:
        """Whether the quota is used up, by our own count or by SES's answer."""
        return self._quota_used_up or self._policy.quota_refused

    @property
    def outage(self) -> str:
        """Why nothing is sent, as a sentence; '' if there is no outage."""
        unreachable = self._dispatcher.unreachable
        if unreachable is not None:
            return not_now(unreachable.reason, unreachable.code)
        brake = self._dispatcher.brake
        return self._policy.outage if brake.since is None else not_now(brake.reason)

    def quota_used_up(self) -> None:
        """Record that the ledger found the quota used up."""
        self._quota_used_up = True

    def check(self, run_ids: Sequence[int], *, written: bool) -> AccountCheck:
        """Act on the account's state, without blocking.

        ``run_ids`` are the sending runs; ``written``: all answers are in the ledger.
        """
        done = AccountCheck()
        now = self._clock.monotonic()
        if not self.exhausted:
            self._exhausted_since = now
        drained = written and not self._dispatcher.in_flight
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
            self._runs.account_answered()
            # The next mails will show whether the outage has ended.
            self.runs_wait = False
            self._outage_began = None
            done.runs_changed = True
        if reading.status.max_send_rate <= 0:
            self._policy.trouble = (
                "SES does not allow this account to send: its rate is 0 a second."
            )
        if not reading.status.sending_enabled:
            done.pauses += _paused(run_ids, "SES says that sending is disabled.")
        # Mail in flight may be counted twice, so prefer an exact reading.
        if self.exhausted and (reading.exact or now - self._exhausted_since > _EXACT_SECONDS):
            self._runs.wait_for_quota(run_ids, refused_by_ses=self._policy.quota_refused)
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
            self._runs.wait_for_account(run_ids, detail)
            self.runs_wait = done.runs_changed = True


def _paused(run_ids: Sequence[int], detail: str) -> list[Pause]:
    return [Pause(run_id, PauseReason.ACCOUNT, detail) for run_id in run_ids]
