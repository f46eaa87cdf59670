"""Divide claims into single calls, or into bulk calls of the right size."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sestui.core.delivery.handover import Claim
from sestui.core.delivery.pacing import CHUNK_SECONDS, Reservation

MOST_ENTRIES = 50
"""SES's limit for one SendBulkEmail (docs/ses.md#bulk-calls)."""

_ENTER, _LEAVE = 0.45, 0.25
"""Share of a processor that single calls may cost: above the first, bulk calls are used; below the
second, single calls again. The rest is for the ledger, rendering and screens."""

_BULK_FROM = 100.0
"""Recipients a second below which bulk calls would have too few entries."""

_STEP_BACK_SECONDS = 600.0
_STAY_SECONDS = 60.0
"""Minimum time in bulk mode after single calls didn't reach the rate."""


class Mode(StrEnum):
    """The kind of calls to use."""

    AUTO = "auto"
    SINGLE = "single"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The claims of one call, and when it may leave by the ledger's clock."""

    claims: tuple[Claim, ...]
    slot: float
    bulk: bool


class Batching:
    """Chooses between single and bulk calls, and sizes the bulk calls.

    ``single_cost`` returns the measured processor seconds of a single call.
    """

    def __init__(self, mode: Mode, single_cost: Callable[[], float]) -> None:
        self._mode = mode
        self._single_cost = single_cost
        self._single_until = self._bulk_until = float("-inf")
        self._is_bulk = False
        self._rate = 0.0
        self._tick = 0

    def is_bulk(self, rate: float, now: float, *, behind: bool = False) -> bool:
        """Whether to use bulk calls at ``rate`` recipients a second; ``now`` is monotonic.

        ``behind``: calls so far haven't reached the rate.
        """
        if self._mode is not Mode.AUTO:
            return self._mode is Mode.BULK
        if now < self._single_until or rate < _BULK_FROM:
            return False
        if behind and not self._is_bulk:
            self._bulk_until = now + _STAY_SECONDS
        costly = rate * self._single_cost() > (_LEAVE if self._is_bulk else _ENTER)
        self._is_bulk = costly or now < self._bulk_until
        return self._is_bulk

    def step_back(self, now: float) -> None:
        """Use single calls for ten minutes, as SES throttles bulk calls."""
        self._single_until = now + _STEP_BACK_SECONDS

    def chunk(self, rate: float) -> int:
        """The size of the next chunk, such that each second holds whole calls."""
        if rate != self._rate:
            self._rate, self._tick = rate, 0
        return sum(self._sizes(rate))

    def calls(
        self, claims: Sequence[Claim], slots: Reservation, rate: float, *, bulk: bool
    ) -> list[CallPlan]:
        """Divide ``claims`` into calls, each at the slot of its first mail."""
        if not bulk:
            return [
                CallPlan((claim,), slots.slot(index), bulk=False)
                for index, claim in enumerate(claims)
            ]
        sizes = self._sizes(rate)
        self._tick += 1
        calls, index = [], 0
        while index < len(claims):
            size = sizes.pop(0) if sizes else MOST_ENTRIES
            calls.append(
                CallPlan(tuple(claims[index : index + size]), slots.slot(index), bulk=True)
            )
            index += size
        return calls

    def _sizes(self, rate: float) -> list[int]:
        """Sizes of the calls of one tick.

        Any second of consecutive calls adds up to the rate. With rounded sizes the rate limiter
        would have to hold a call back now and then.
        """
        ticks = round(1 / CHUNK_SECONDS)
        calls = max(1, math.ceil(rate / ticks / MOST_ENTRIES))
        each = rate / ticks / calls
        first = self._tick * calls
        sizes = [
            math.floor((first + i + 1) * each) - math.floor((first + i) * each)
            for i in range(calls)
        ]
        return [size for size in sizes if size] or [1]
