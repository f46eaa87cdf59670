"""Decide how many deliveries to claim, and divide them into calls."""

from collections.abc import Sequence

from sestui.core.delivery.handover import Claim, ClaimRequest, ClaimResult
from sestui.core.delivery.pacing import (
    BULK_PACE,
    CLAIM_AHEAD_SECONDS,
    NO_RATE,
    PACE,
    SHARED_CLAIM_AHEAD_SECONDS,
    AllowedRate,
    Reservation,
    chunk_size,
)
from sestui.sending.engine.batching import Batching, CallPlan, Mode
from sestui.sending.engine.brake import May
from sestui.sending.engine.concurrency import Backlog
from sestui.sending.engine.dispatch import Dispatcher
from sestui.sending.engine.ports import MailComposer, RunInfo


class ClaimSizer:
    """Sizes claims by the allowed rate and the actual one; for the engine's thread.

    It only reads the dispatcher's counters.
    """

    def __init__(self, dispatcher: Dispatcher, mode: Mode) -> None:
        self._dispatcher = dispatcher
        self._backlog = Backlog()
        self._batching = Batching(mode, lambda: dispatcher.single_cost)
        self._workers = 1
        self.allowed: AllowedRate = NO_RATE
        """The rate of the run that was served last."""

    def update(self, taken: ClaimResult, max_rate: float | None) -> None:
        """Take the rate and the number of workers from a claim.

        ``max_rate`` is the run's own limit in recipients a second.
        """
        if taken.allowed.rate:
            # Bulk calls are sized by the full rate and spaced by the pace; otherwise whole calls
            # would not fit into a second.
            self.allowed = taken.allowed.within(max_rate)
        self._workers = taken.workers

    @property
    def share(self) -> float:
        """This process's share of the rate, recipients a second."""
        return self.allowed.rate / self._workers

    @property
    def burst(self) -> int:
        """Mails that are sent together in this process's turn; 0 for a single process."""
        return chunk_size(self.allowed.rate) if self._workers > 1 else 0

    @property
    def ahead_seconds(self) -> float:
        """How long before the end of the last claim's slots the next claim is made."""
        return SHARED_CLAIM_AHEAD_SECONDS if self._workers > 1 else CLAIM_AHEAD_SECONDS

    @property
    def behind(self) -> bool:
        """Whether the machine rather than the rate limits sending."""
        return self._backlog.behind

    def step_back(self, now: float) -> None:
        """Use single calls for a while, as SES throttles bulk calls; ``now`` is monotonic."""
        self._batching.step_back(now)

    def want(
        self, run: RunInfo, composer: MailComposer, may: May, now: float
    ) -> ClaimRequest | None:
        """The claim to make for ``run`` at ``now`` (monotonic seconds); None for none yet."""
        if may is May.NOTHING:
            return None
        if may is May.PROBE:
            return None if self._dispatcher.waiting else ClaimRequest(run.id, 1, run.max_rate, PACE)
        bulk = self._is_bulk(composer, now)
        rate = self.allowed.rate
        backlog = self._dispatcher.waiting
        ahead = self._backlog.ahead(rate, bulk=bulk)
        self._backlog.measure(
            now, self._dispatcher.left, backlog=backlog > ahead // 2, rate=self.share
        )
        chunk = self._batching.chunk(rate) if bulk else chunk_size(rate)
        most = min(chunk, ahead - backlog)
        if most < min(chunk, ahead // 2):
            return None  # too few to be worth a transaction
        return ClaimRequest(run.id, max(1, most), run.max_rate, BULK_PACE if bulk else PACE)

    def calls(
        self, claims: Sequence[Claim], slots: Reservation, composer: MailComposer, now: float
    ) -> list[CallPlan]:
        """Divide ``claims`` into calls, each at the slot of its first mail."""
        bulk = len(claims) > 1 and self._is_bulk(composer, now)
        return self._batching.calls(claims, slots, self.allowed.rate, bulk=bulk)

    def _is_bulk(self, composer: MailComposer, now: float) -> bool:
        # By the whole rate, as several processes usually share a machine. A process that sends in
        # turns with others is not behind when it has little to send.
        behind = self._backlog.behind and self._workers == 1
        return composer.bulk_capable and self._batching.is_bulk(
            self.allowed.rate, now, behind=behind
        )
