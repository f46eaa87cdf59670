"""How many deliveries one claim takes, and the calls that are made of them."""

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
    """Sizes claims by the rate and by what leaves; for the engine's thread.

    Of the dispatcher it only reads what has left and what waits.
    """

    def __init__(self, dispatcher: Dispatcher, mode: Mode) -> None:
        self._dispatcher = dispatcher
        self._backlog = Backlog()
        self._batching = Batching(mode, lambda: dispatcher.single_cost)
        self._workers = 1
        self.allowed: AllowedRate = NO_RATE
        """What the run that was served last may have."""

    def update(self, taken: ClaimResult, max_rate: float | None) -> None:
        """Note the rate and the number of workers that came with a claim.

        ``max_rate`` is the run's own limit, recipients a second.
        """
        if taken.allowed.rate:
            # Sizes of bulk calls go by the full rate, their spacing by the pace: the other way
            # round, whole calls would never fit a second and the rate limiter would hold one back.
            self.allowed = taken.allowed.within(max_rate)
        self._workers = taken.workers

    @property
    def share(self) -> float:
        """This process's share of the rate, recipients a second."""
        return self.allowed.rate / self._workers

    @property
    def burst(self) -> int:
        """Mails that leave at once when this process's turn comes; 0 where it sends alone."""
        return chunk_size(self.allowed.rate) if self._workers > 1 else 0

    @property
    def ahead_seconds(self) -> float:
        """How long before the last claim's slots end the next claim is made."""
        return SHARED_CLAIM_AHEAD_SECONDS if self._workers > 1 else CLAIM_AHEAD_SECONDS

    @property
    def behind(self) -> bool:
        """Whether this machine, rather than the rate, limits what leaves."""
        return self._backlog.behind

    def step_back(self, now: float) -> None:
        """SES throttled a bulk call itself at ``now`` (monotonic seconds): single calls for now."""
        self._batching.step_back(now)

    def want(
        self, run: RunInfo, composer: MailComposer, may: May, now: float
    ) -> ClaimRequest | None:
        """What to claim for ``run`` at ``now`` (monotonic seconds); None: nothing yet."""
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
            return None  # so few that the ledger's transaction would cost more than they
        return ClaimRequest(run.id, max(1, most), run.max_rate, BULK_PACE if bulk else PACE)

    def calls(
        self, claims: Sequence[Claim], slots: Reservation, composer: MailComposer, now: float
    ) -> list[CallPlan]:
        """The calls for ``claims``, each at the slot of its first mail."""
        bulk = len(claims) > 1 and self._is_bulk(composer, now)
        return self._batching.calls(claims, slots, self.allowed.rate, bulk=bulk)

    def _is_bulk(self, composer: MailComposer, now: float) -> bool:
        # By the whole rate: several processes mostly share the processors of one machine. One that
        # sends in turns between others is not behind when it has few.
        behind = self._backlog.behind and self._workers == 1
        return composer.bulk_capable and self._batching.is_bulk(
            self.allowed.rate, now, behind=behind
        )
