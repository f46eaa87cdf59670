"""The engine's loop: write answers, claim and hand over, in one short transaction a tick.

The engine depends only on ``sending.engine.ports``. It runs in one thread; mails are rendered and
sent in the dispatcher's.
"""

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sestui.core.clock import Clock
from sestui.core.delivery.handover import ClaimRequest, ClaimResult
from sestui.core.delivery.pacing import CLAIM_AHEAD_SECONDS, Quota, Reservation
from sestui.core.delivery.states import PauseReason, RunState
from sestui.errors import ContentError, DatabaseLostError, StorageError, sender_failed
from sestui.sending.engine.account_monitor import LASTING_SECONDS, AccountMonitor
from sestui.sending.engine.answer_buffer import AnswerBuffer
from sestui.sending.engine.answer_policy import AnswerPolicy, Pause
from sestui.sending.engine.batching import Mode
from sestui.sending.engine.call_queue import Job, rendered
from sestui.sending.engine.claim_sizer import ClaimSizer
from sestui.sending.engine.dispatch import Dispatcher
from sestui.sending.engine.ports import (
    AccountView,
    Heartbeat,
    MailComposer,
    ReadingComposer,
    RunInfo,
    SendingGateway,
    SendingLedger,
    SendingRuns,
)
from sestui.sending.engine.report import REPORT_SECONDS, Reporter, SenderReport
from sestui.sending.engine.scheduler import FairScheduler

BEAT_SECONDS = 5.0
RUNS_SECONDS = 0.5
"""How often the list of runs is read; a pause by another process shows in the claim at once."""

DRAIN_SECONDS = 5.0
"""How long a stop waits for calls in flight; then they are in doubt."""

_OVERTIME_SECONDS = 0.75
"""How long after its deadline the engine waits for calls in flight; then they are in doubt."""

_WIND_DOWN_SECONDS = 1.0
_WIND_DOWN_LATENCIES = 1.5
"""Claiming stops this long before the deadline, so that answers come in time."""

_LEAST_RATE = 1.0
"""Before the first claim shows the rate, so that a connection is opened in time."""

_IN_FLIGHT_SECONDS = 0.05
"""Delay before the next claim for a run with nothing to claim, as claims take the write lock."""

_log = logging.getLogger(__name__)

_SETTLE_SECONDS, _SETTLE_BEHIND_SECONDS = 0.025, 0.06
"""Maximum delay before answers are written, as a kill leaves them in doubt; longer if the machine
is the limit, to save transactions."""


class End(StrEnum):
    """Why the engine ended."""

    IDLE = "idle"
    """No run is sending."""
    STOPPED = "stopped"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one engine."""

    senders: int = 64
    """Largest number of calls in flight."""
    mode: Mode = Mode.AUTO
    """Single calls, bulk calls, or a choice by rate."""
    ends_at: float | None = None
    """The deadline in monotonic seconds; None for none."""
    until_idle: bool = True
    """Whether to end when no run is sending, rather than wait for the next one."""
    lasting_seconds: float = LASTING_SECONDS
    """Duration of an outage after which runs are set to wait."""


class Engine:
    """Moves the deliveries of all sending runs from the ledger to the gateway."""

    def __init__(
        self,
        *,
        ledger: SendingLedger,
        runs: SendingRuns,
        gateway: SendingGateway,
        account: AccountView,
        heartbeat: Heartbeat,
        clock: Clock,
        limits: Limits,
        report: Callable[[SenderReport], None] | None = None,
    ) -> None:
        self._runs = runs
        self._heartbeat = heartbeat
        self._clock = clock
        self._limits = limits
        self._reporter = Reporter(report, clock)
        self._dispatcher = Dispatcher(gateway, clock, most=limits.senders)
        self._answers = AnswerBuffer(ledger, clock)
        self._policy = AnswerPolicy()
        self._account = AccountMonitor(
            account,
            self._dispatcher,
            self._policy,
            runs,
            clock,
            lasting_seconds=limits.lasting_seconds,
        )
        self._stop = threading.Event()
        self._drain_seconds = DRAIN_SECONDS
        self._composers: dict[int, MailComposer] = {}
        self._scheduler = FairScheduler()
        self._sizer = ClaimSizer(self._dispatcher, limits.mode)
        self._runs_read_at = float("-inf")
        self._horizon = 0.0
        self._pauses: list[Pause] = []
        self._beat_at = float("-inf")
        self._quota: Quota | None = None

    @property
    def behind(self) -> bool:
        """Whether the machine rather than the rate limits sending; for any thread."""
        return self._sizer.behind

    @property
    def rate(self) -> float:
        """Recipients a second that the run served last may have; 0: none so far; as ``behind``."""
        return self._sizer.allowed.rate

    def stop(self, within: float = DRAIN_SECONDS) -> None:
        """Ask the loop to end; mail that has not been sent goes back to the ledger.

        Calls in flight are awaited for ``within`` seconds and are then in doubt. A later call can
        shorten that.
        """
        self._drain_seconds = min(self._drain_seconds, within)
        self._stop.set()
        self._dispatcher.answered.set()

    def run(self) -> End:
        """Send until nothing is left, the deadline or :meth:`stop`; then drain.

        Raises:
            StorageError: the database has failed for minutes, or has been replaced. SestuiError: a
                thread can't be started, or has failed.
        """
        if not gc.get_freeze_count():
            # Collections that scan all imported modules would delay mail by a tenth of a second.
            gc.freeze()
        began = self._clock.monotonic()
        self._runs.account_answered()  # the engine's creator has just asked it
        self._dispatcher.start()
        try:
            while (end := self._ended(began)) is None:
                self._tick()
        finally:
            self._drain()
            self._dispatcher.close()
        return end

    @property
    def _ends_at(self) -> float:
        return float("inf") if self._limits.ends_at is None else self._limits.ends_at

    def _ended(self, began: float) -> End | None:
        if self._stop.is_set():
            return End.STOPPED
        left = self._ends_at - self._clock.monotonic()
        wind_down = max(_WIND_DOWN_SECONDS, _WIND_DOWN_LATENCIES * self._dispatcher.latency)
        if left <= min(wind_down, (self._ends_at - began) / 2):
            return End.DEADLINE
        fresh = self._runs_read_at > float("-inf")
        idle = fresh and not (
            self._scheduler
            or self._dispatcher.in_flight
            or self._answers
            or self._pauses
            or self._account.runs_wait
        )
        return End.IDLE if self._limits.until_idle and idle else None

    # one tick

    def _tick(self) -> None:
        if self._dispatcher.failure is not None:
            raise sender_failed(self._dispatcher.failure)
        try:
            self._work()
            self._answers.succeeded()
        except DatabaseLostError:
            raise  # waiting doesn't help
        except StorageError as error:
            self._answers.failed(error, self._dispatcher.in_flight)
            self._policy.trouble = f"{error} Until then nothing is sent, and nothing is lost."
            self._policy.hold_until = self._clock.monotonic() + 1.0
        self._report_if_due()
        self._rest()

    def _work(self) -> None:
        self._read_answers()
        self._pause_runs()
        self._beat_if_due()
        self._check_account()
        self._read_runs_if_due()
        run = self._scheduler.next(self._clock.monotonic())
        want = self._want(run) if run is not None else None
        taken = self._answers.exchange(want, self._dispatcher.in_flight)
        if run is not None and want is not None and taken is not None:
            self._use(run, taken)
        busy = bool(self._scheduler) or self._account.runs_wait
        self._dispatcher.serve(
            max(_LEAST_RATE, self._sizer.share) if busy else 0.0, burst=self._sizer.burst
        )

    def _read_answers(self) -> None:
        answers = self._dispatcher.collect()
        if not answers:
            return
        mono = self._clock.monotonic()
        written, pauses = self._policy.read(answers, mono)
        if self._policy.bulk_throttled:
            self._policy.bulk_throttled = False
            self._sizer.step_back(mono)
        self._answers.add(written)
        self._pauses += pauses
        self._reporter.note(answers)

    def _pause_runs(self) -> None:
        while self._pauses:
            pause = self._pauses[-1]
            _log.info("Run %d is paused: %s.", pause.run_id, pause.reason)
            self._runs.pause(pause.run_id, pause.reason, pause.detail)
            self._pauses.pop()
            self._runs_read_at = float("-inf")

    def _want(self, run: RunInfo) -> ClaimRequest | None:
        now = self._clock.monotonic()
        composer = self._composer(run)
        if composer is None or self._account.exhausted or now < self._next_claim_at():
            return None
        if not self._dispatcher.connected:
            return None
        return self._sizer.want(run, composer, self._dispatcher.may(), now)

    def _next_claim_at(self) -> float:
        """Monotonic seconds until which nothing is claimed for any run."""
        return max(self._horizon - self._sizer.ahead_seconds, self._policy.hold_until)

    def _use(self, run: RunInfo, taken: ClaimResult) -> None:
        """Hand over the claims, or record why there are none."""
        now = self._clock.monotonic()
        self._sizer.update(taken, run.max_rate)
        self._quota = taken.quota or self._quota
        if taken.run_state is not RunState.SENDING:
            self._runs_read_at = float("-inf")
        composer = self._composer(run)
        if taken.claims and taken.slots is not None and composer is not None:
            self._hand_over(run, composer, taken, taken.slots)
        elif taken.next_at is not None:
            last = taken.nobody and not self._dispatcher.in_flight
            if last and (pause := self._policy.unmade(run.id)):
                if run.skip_unrenderable:
                    self._runs.skip_unmade(run.id)
                    self._runs_read_at = float("-inf")
                else:
                    self._pauses.append(pause)
            # At most a second, to notice a pause or a jump of the wall clock.
            self._scheduler.block(run, now + min(1.0, max(0.005, taken.next_at - taken.now)))
        elif taken.quota_exhausted:
            self._account.quota_used_up()
        elif not taken.claims and not taken.skipped:
            # All that is left is in flight.
            self._scheduler.block(run, now + _IN_FLIGHT_SECONDS)

    def _hand_over(
        self, run: RunInfo, composer: MailComposer, taken: ClaimResult, slots: Reservation
    ) -> None:
        # The ledger's clock may be a database server's, so slots are converted.
        ahead = taken.monotonic - taken.now
        calls = self._sizer.calls(taken.claims, slots, composer, taken.monotonic)
        if isinstance(composer, ReadingComposer):
            composer = composer.loaded(taken.claims)
        self._horizon = taken.opens_at + ahead
        self._scheduler.served(run, len(taken.claims))
        if run.max_rate is not None:
            self._scheduler.block(run, slots.end + ahead - CLAIM_AHEAD_SECONDS)
        self._dispatcher.hand_over(
            [
                Job(
                    call.claims,
                    partial(rendered, composer),
                    call.slot + ahead,
                    taken.allowed.rate,
                    bulk=call.bulk,
                    shared=taken.workers > 1,
                )
                for call in calls
            ]
        )

    def _composer(self, run: RunInfo) -> MailComposer | None:
        """The run's composer; None if its message can't be compiled, which pauses the run."""
        if run.id not in self._composers:
            try:
                self._composers[run.id] = self._runs.composer(run.id)
            except ContentError as error:
                self._pauses.append(Pause(run.id, PauseReason.ERRORS, str(error)))
                self._scheduler.block(run, self._clock.monotonic() + RUNS_SECONDS)
        return self._composers.get(run.id)

    def _read_runs_if_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._runs_read_at >= RUNS_SECONDS:
            self._runs.refresh()
            self._scheduler.update(self._runs.runnable())
            self._runs_read_at = now
            alive = set(self._scheduler.ids)
            self._composers = {i: c for i, c in self._composers.items() if i in alive}

    def _check_account(self) -> None:
        check = self._account.check(self._scheduler.ids, written=not self._answers)
        self._pauses += check.pauses
        if check.runs_changed:
            self._runs_read_at = float("-inf")

    # upkeep

    def _beat_if_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._beat_at >= BEAT_SECONDS:
            self._heartbeat.beat()
            self._beat_at = now

    def _report_if_due(self, *, last: bool = False) -> None:
        trouble = self._account.outage or self._policy.trouble
        self._reporter.report(self._sizer.allowed, self._quota, trouble, last=last)

    def _rest(self) -> None:
        """Sleep until the next claim, or until answers have to be written."""
        now = self._clock.monotonic()
        claim_at = max(self._next_claim_at(), min(self._scheduler.ready_at(), now + RUNS_SECONDS))
        wait = min(max(claim_at - now, 0.001), REPORT_SECONDS)
        if self._dispatcher.in_flight:
            behind = self._sizer.behind
            wait = min(wait, _SETTLE_BEHIND_SECONDS if behind else _SETTLE_SECONDS)
        self._clock.wait(self._stop, wait)

    def _drain(self) -> None:
        """Withdraw what has not been sent, wait for calls in flight, and write all answers."""
        self._dispatcher.withdraw()
        began = self._clock.monotonic()
        while self._dispatcher.in_flight and self._clock.monotonic() < self._patience_ends(began):
            self._clock.wait(self._dispatcher.answered, 0.05)
            self._read_answers()
        self._answers.add(self._dispatcher.give_up())
        self._answers.write_last(self._patience_ends(self._clock.monotonic()))
        self._report_if_due(last=True)

    def _patience_ends(self, began: float) -> float:
        return min(began + self._drain_seconds, max(began, self._ends_at + _OVERTIME_SECONDS))
