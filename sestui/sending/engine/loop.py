"""The engine's loop: write answers, claim, hand over; one short transaction a tick.

The engine knows ports only (``sending.engine.ports``). It runs in one thread; mails are rendered
and handed to SES in the dispatcher's.
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
"""How often the list of runs is read again: a pause elsewhere is noticed by the claim itself."""

DRAIN_SECONDS = 5.0
"""A stop waits this long for calls in the air; what is unanswered then is in doubt."""

_OVERTIME_SECONDS = 0.75
"""What is unanswered so long after its time is up is in doubt."""

_WIND_DOWN_SECONDS = 1.0
_WIND_DOWN_LATENCIES = 1.5
"""Claiming stops so long before the end, that what is in the air is answered in time."""

_LEAST_RATE = 1.0
"""A connection is opened before the first claim tells what the account allows."""

_IN_THE_AIR_SECONDS = 0.05
"""How soon a run with nothing to claim is asked again: a claim takes the write lock."""

_log = logging.getLogger(__name__)

_SETTLE_SECONDS, _SETTLE_BEHIND_SECONDS = 0.025, 0.06
"""Answers are written at most this late, or a kill would leave more in doubt. Where it is the
machine that limits, fewer transactions leave more of it for sending, and fewer mails wait."""


class End(StrEnum):
    """Why the engine came to its end."""

    IDLE = "idle"
    """No run is sending any more."""
    STOPPED = "stopped"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how wide one engine works."""

    senders: int = 64
    """The most calls in the air at once."""
    mode: Mode = Mode.AUTO
    """Single calls, bulk calls, or what the rate asks for."""
    ends_at: float | None = None
    """Monotonic seconds at which its time is up; None: never."""
    until_idle: bool = True
    """End when no run is sending; False: wait for the next one until stopped."""
    lasting_seconds: float = LASTING_SECONDS
    """After an outage of so long the runs wait and say why, instead of sending nothing."""


class Engine:
    """Moves the deliveries of every sending run from the ledger to the gateway."""

    def __init__(
        self,
        *,
        ledger: SendingLedger,
        book: SendingRuns,
        gateway: SendingGateway,
        account: AccountView,
        heartbeat: Heartbeat,
        clock: Clock,
        limits: Limits,
        report: Callable[[SenderReport], None] | None = None,
    ) -> None:
        self._book = book
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
            book,
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

    def stop(self, within: float = DRAIN_SECONDS) -> None:
        """Ask the loop to end: what has not left is taken back, what is in the air is awaited.

        That for ``within`` seconds; what is unanswered then is in doubt. A later call may shorten
        it.
        """
        self._drain_seconds = min(self._drain_seconds, within)
        self._stop.set()
        self._dispatcher.answered.set()

    def run(self) -> End:
        """Send until nothing is left, the time is up or :meth:`stop` was called; then drain.

        Raises:
            StorageError: the database takes nothing for minutes, or is another than it was.
            SestuiError: a thread can't be started, or has failed.
        """
        if not gc.get_freeze_count():
            # What was imported and compiled so far stays for good: a collector that looks through
            # all of it holds every mail up for a tenth of a second, again and again.
            gc.freeze()
        began = self._clock.monotonic()
        self._book.account_answered()  # whoever made this engine has just asked it
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
            or self._dispatcher.in_the_air
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
            raise  # it will not come back by waiting
        except StorageError as error:
            self._answers.failed(error, self._dispatcher.in_the_air)
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
        taken = self._answers.exchange(want, self._dispatcher.in_the_air)
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
            self._book.pause(pause.run_id, pause.reason, pause.detail)
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
        """Monotonic seconds before which nothing is to be claimed for any run."""
        return max(self._horizon - self._sizer.ahead_seconds, self._policy.hold_until)

    def _use(self, run: RunInfo, taken: ClaimResult) -> None:
        """Hand over what the ledger gave, or remember why it gave nothing."""
        now = self._clock.monotonic()
        self._sizer.update(taken, run.max_rate)
        self._quota = taken.quota or self._quota
        if taken.run_state is not RunState.SENDING:
            self._runs_read_at = float("-inf")
        composer = self._composer(run)
        if taken.claims and taken.slots is not None and composer is not None:
            self._hand_over(run, composer, taken, taken.slots)
        elif taken.next_at is not None:
            if not self._dispatcher.in_the_air and (pause := self._policy.unmade(run.id)):
                if run.skip_unrenderable:
                    self._book.skip_unmade(run.id)
                    self._runs_read_at = float("-inf")
                else:
                    self._pauses.append(pause)
            # Woken at least once a second: a pause or a wall clock that jumps must be noticed.
            self._scheduler.block(run, now + min(1.0, max(0.005, taken.next_at - taken.now)))
        elif taken.quota_exhausted:
            self._account.quota_used_up()
        elif not taken.claims and not taken.skipped:
            # All that is left is in the air: answers come in by themselves.
            self._scheduler.block(run, now + _IN_THE_AIR_SECONDS)

    def _hand_over(
        self, run: RunInfo, composer: MailComposer, taken: ClaimResult, slots: Reservation
    ) -> None:
        # The ledger's clock may be a database server's: what counts is how far ahead a slot is.
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
        """The run's message; None, and the run is to be paused, if it can't be compiled."""
        if run.id not in self._composers:
            try:
                self._composers[run.id] = self._book.composer(run.id)
            except ContentError as error:
                self._pauses.append(Pause(run.id, PauseReason.ERRORS, str(error)))
                self._scheduler.block(run, self._clock.monotonic() + RUNS_SECONDS)
        return self._composers.get(run.id)

    def _read_runs_if_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._runs_read_at >= RUNS_SECONDS:
            self._book.refresh()
            self._scheduler.update(self._book.runnable())
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
        """Sleep until the next claim is due, an answer has waited long enough, or a stop."""
        now = self._clock.monotonic()
        claim_at = max(self._next_claim_at(), min(self._scheduler.ready_at(), now + RUNS_SECONDS))
        wait = min(max(claim_at - now, 0.001), REPORT_SECONDS)
        if self._dispatcher.in_the_air:
            behind = self._sizer.behind
            wait = min(wait, _SETTLE_BEHIND_SECONDS if behind else _SETTLE_SECONDS)
        self._clock.wait(self._stop, wait)

    def _drain(self) -> None:
        """Take back what has not left, await what has, and write every answer."""
        self._dispatcher.withdraw()
        began = self._clock.monotonic()
        while self._dispatcher.in_the_air and self._clock.monotonic() < self._patience_ends(began):
            self._clock.wait(self._dispatcher.answered, 0.05)
            self._read_answers()
        self._answers.add(self._dispatcher.give_up())
        self._answers.write_last(self._patience_ends(self._clock.monotonic()))
        self._report_if_due(last=True)

    def _patience_ends(self, began: float) -> float:
        return min(began + self._drain_seconds, max(began, self._ends_at + _OVERTIME_SECONDS))
