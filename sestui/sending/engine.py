"""The sender's loop: settle, claim, hand over; one short transaction a tick.

The engine knows ports only (``sending.ports``). It runs in one thread; mails are rendered and
handed to SES in the dispatcher's threads.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sestui.core.clock import Clock
from sestui.core.delivery import Answer, Taken, Want
from sestui.core.pacing import CLAIM_AHEAD_SECONDS, PACE, Quota
from sestui.core.states import PauseReason, RunState
from sestui.errors import StorageBusyError
from sestui.sending.batching import Batching, Mode
from sestui.sending.dispatch import Dispatcher, Job
from sestui.sending.holds import Holds
from sestui.sending.ports import AccountView, Book, Composer, Gateway, Heartbeat, Ledger, RunInfo
from sestui.sending.report import MOST_LINES, Line, SenderReport, line_of
from sestui.sending.turns import Turns
from sestui.sending.watch import AccountWatch

BEAT_SECONDS = 5.0
REPORT_SECONDS = 0.1
RUNS_SECONDS = 0.5
"""How often the list of runs is read again: a pause elsewhere is noticed by the claim itself."""

DRAIN_SECONDS = 5.0
"""A stop waits this long for calls in the air; what is unanswered then is in doubt."""

_WIND_DOWN_SECONDS = 1.0
"""A deadline stops the claiming this much earlier, and the drain ends this much after it."""

_SETTLE_SECONDS = 0.025
"""Answers are written at most this late, or a kill would leave more in doubt."""


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
    seconds: float | None = None
    """Stop claiming after this long; None: no limit."""
    until_idle: bool = True
    """End when no run is sending; False: wait for the next one until stopped."""


class Engine:
    """Moves the deliveries of every sending run from the ledger to the gateway."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        book: Book,
        gateway: Gateway,
        account: AccountView,
        heartbeat: Heartbeat,
        clock: Clock,
        limits: Limits,
        report: Callable[[SenderReport], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._book = book
        self._heartbeat = heartbeat
        self._clock = clock
        self._limits = limits
        self._report = report
        self._dispatcher = Dispatcher(gateway, clock, most=limits.senders)
        self._watch = AccountWatch(account, clock)
        self._holds = Holds()
        self._stop = threading.Event()
        self._composers: dict[int, Composer] = {}
        self._turns = Turns()
        self._batching = Batching(limits.mode, lambda: gateway.single_cost)
        self._runs_read_at = float("-inf")
        self._horizon = 0.0
        self._unsettled: list[Answer] = []
        self._beat_at = float("-inf")
        self._reported_at = 0.0
        self._lines: list[Line] = []
        self._answered = 0
        self._rate = 0.0
        self._quota: Quota | None = None

    def stop(self) -> None:
        """Ask the loop to end: what has not left is taken back, what is in the air is awaited."""
        self._stop.set()
        self._dispatcher.answered.set()

    def run(self) -> End:
        """Send until nothing is left, the time is up or :meth:`stop` was called; then drain."""
        began = self._clock.monotonic()
        seconds = self._limits.seconds
        deadline = float("inf") if seconds is None else began + seconds
        try:
            while (end := self._ended(deadline)) is None:
                self._tick()
        finally:
            now = self._clock.monotonic()
            self._drain(min(now + DRAIN_SECONDS, max(now, deadline) + _WIND_DOWN_SECONDS))
            self._dispatcher.close()
        return end

    def _ended(self, deadline: float) -> End | None:
        if self._stop.is_set():
            return End.STOPPED
        if self._clock.monotonic() >= deadline - _WIND_DOWN_SECONDS:
            return End.DEADLINE
        self._read_runs_if_due()
        busy = self._turns or self._dispatcher.outstanding or self._unsettled
        return End.IDLE if self._limits.until_idle and not busy else None

    # one tick

    def _tick(self) -> None:
        self._beat_if_due()
        self._look_at_account()
        self._read_answers()
        self._read_runs_if_due()
        run = self._turns.next(self._clock.monotonic())
        want = self._want(run) if run is not None else None
        if self._unsettled or want is not None:
            try:
                taken = self._ledger.exchange(self._unsettled, want)
            except StorageBusyError as error:
                self._hold(str(error))
            else:
                self._unsettled = []
                if run is not None and want is not None:
                    self._use(run, taken)
        self._report_if_due()
        self._rest()

    def _read_answers(self) -> None:
        answers = self._dispatcher.collect()
        if not answers:
            return
        mono = self._clock.monotonic()
        written, pauses = self._holds.read(answers, mono)
        if self._holds.bulk_throttled:
            self._holds.bulk_throttled = False
            self._batching.step_back(mono)
        self._unsettled += written
        for pause in pauses:
            self._book.pause(pause.run_id, pause.reason, pause.detail)
            self._runs_read_at = float("-inf")
        now = self._clock.now()
        self._answered += len(answers)
        self._lines += [line_of(answer, claim, now) for answer, claim in answers]
        del self._lines[:-MOST_LINES]

    def _want(self, run: RunInfo) -> Want | None:
        now = self._clock.monotonic()
        if self._holds.quota_said or now < self._next_claim_at():
            return None
        room = 2 * self._limits.senders - self._dispatcher.outstanding
        if self._bulk(run, now):
            # A bulk call carries many: the calls in the air stay far below what is allowed.
            room = self._batching.chunk(self._rate)
        return Want(run.id, room, run.max_rate) if room > 0 else None

    def _bulk(self, run: RunInfo, now: float) -> bool:
        if not self._batching.is_bulk(self._rate, now):
            return False
        return not self._composer(run).has_attachments

    def _next_claim_at(self) -> float:
        """Monotonic seconds before which nothing is to be claimed for any run."""
        return max(self._horizon - CLAIM_AHEAD_SECONDS, self._holds.hold_until)

    def _use(self, run: RunInfo, taken: Taken) -> None:
        """Hand over what the ledger gave, or remember why it gave nothing."""
        now = self._clock.monotonic()
        self._rate, self._quota = taken.rate or self._rate, taken.quota or self._quota
        if taken.run_state is not RunState.SENDING:
            self._runs_read_at = float("-inf")
        if taken.claims and taken.slots is not None:
            self._hand_over(run, taken, now)
        elif taken.next_at is not None:
            # Woken at least once a second: a pause or a wall clock that jumps must be noticed.
            self._turns.block(run, now + min(1.0, max(0.005, taken.next_at - taken.now)))
        elif taken.quota_exhausted:
            self._holds.quota_said = True

    def _hand_over(self, run: RunInfo, taken: Taken, now: float) -> None:
        slots, behind = taken.slots, now - taken.now
        if slots is None:
            return
        calls = self._batching.calls(
            taken.claims, slots, taken.rate, bulk=self._bulk(run, now) and len(taken.claims) > 1
        )
        composer = self._composer(run)
        self._horizon = taken.opens_at + behind
        self._turns.served(run, len(taken.claims))
        if run.max_rate is not None:
            self._turns.block(run, slots.end + behind - CLAIM_AHEAD_SECONDS)
        self._dispatcher.hand_over(
            [
                Job(call.claims, composer, call.slot + behind, taken.rate / PACE, call.bulk)
                for call in calls
            ]
        )

    def _composer(self, run: RunInfo) -> Composer:
        if run.id not in self._composers:
            self._composers[run.id] = self._book.composer(run.id)
        return self._composers[run.id]

    def _read_runs_if_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._runs_read_at >= RUNS_SECONDS:
            self._turns.update(self._book.runnable())
            self._runs_read_at = now
            alive = set(self._turns.ids)
            self._composers = {i: c for i, c in self._composers.items() if i in alive}

    # the account

    def _look_at_account(self) -> None:
        """Act on what SES said of the account, if it said something."""
        drained = not self._dispatcher.outstanding and not self._unsettled
        exhausted = self._holds.quota_said
        look = self._watch.news(drained=drained, wanted=exhausted and drained)
        if look is None:
            return
        if look.status is None:
            self._hold(look.trouble)
            return
        if not look.status.sending_enabled:
            for run_id in self._turns.ids:
                self._book.pause(
                    run_id,
                    PauseReason.ACCOUNT,
                    "SES says that sending is disabled for the account.",
                )
            self._runs_read_at = float("-inf")
        if exhausted and look.drained:
            self._holds.quota_said = False
            self._book.wait_for_quota(self._turns.ids)
            self._runs_read_at = float("-inf")

    def _hold(self, trouble: str) -> None:
        self._holds.trouble = trouble
        self._holds.hold_until = self._clock.monotonic() + 1.0

    # upkeep

    def _beat_if_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._beat_at >= BEAT_SECONDS:
            self._beat_at = now
            try:
                self._heartbeat.beat()
            except StorageBusyError:
                self._beat_at = now - BEAT_SECONDS + 1.0  # again in a second

    def _report_if_due(self) -> None:
        now = self._clock.monotonic()
        if self._report is None or now - self._reported_at < REPORT_SECONDS:
            return
        self._reported_at = now
        report = SenderReport(
            at=self._clock.now(),
            lines=tuple(self._lines),
            answered=self._answered,
            rate=self._rate,
            quota=self._quota,
            trouble=self._holds.trouble,
        )
        self._lines, self._answered = [], 0
        self._report(report)

    def _rest(self) -> None:
        """Sleep until the next claim is due, an answer has waited long enough, or a stop."""
        now = self._clock.monotonic()
        claim_at = max(self._next_claim_at(), min(self._turns.ready_at(), now + RUNS_SECONDS))
        wait = min(max(claim_at - now, 0.001), REPORT_SECONDS)
        if self._dispatcher.outstanding:
            wait = min(wait, _SETTLE_SECONDS)
        self._clock.wait(self._stop, wait)

    def _drain(self, give_up_at: float) -> None:
        """Take back what has not left, await what has, and write every answer."""
        self._dispatcher.withdraw()
        while self._dispatcher.outstanding and self._clock.monotonic() < give_up_at:
            self._clock.wait(self._dispatcher.answered, 0.05)
            self._read_answers()
        self._unsettled += self._dispatcher.give_up()
        if self._unsettled:
            self._ledger.exchange(self._unsettled, None)
            self._unsettled = []
        self._reported_at = float("-inf")
        self._report_if_due()
