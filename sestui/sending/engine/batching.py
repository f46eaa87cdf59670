"""Which calls a chunk of claims becomes: one mail each, or bulk calls of the right size."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sestui.core.delivery.handover import Claim
from sestui.core.delivery.pacing import CHUNK_SECONDS, Reservation

MOST_ENTRIES = 50
"""SES's limit for one SendBulkEmail (docs/ses.md#bulk-calls)."""

_ENTER, _LEAVE = 0.45, 0.25
"""Single calls are dropped for bulk calls when they would cost more than this of a processor (the
rest is for the ledger, rendering and the screens of the same process), and taken up again when
they would cost less than that."""

_BULK_FROM = 100.0
"""Below so many recipients a second a bulk call has too few entries to be worth it."""

_STEP_BACK_SECONDS = 600.0
_STAY_SECONDS = 60.0
"""What single calls didn't carry isn't given back to them sooner."""


class Mode(StrEnum):
    """How mail is handed to SES."""

    AUTO = "auto"
    SINGLE = "single"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The claims of one call and the ledger's instant at which it may leave."""

    claims: tuple[Claim, ...]
    slot: float
    bulk: bool


class Batching:
    """Decides between single and bulk calls, and sizes the bulk calls.

    ``single_cost`` returns the processor seconds that a single call costs here, as measured.
    """

    def __init__(self, mode: Mode, single_cost: Callable[[], float]) -> None:
        self._mode = mode
        self._single_cost = single_cost
        self._single_until = self._bulk_until = float("-inf")
        self._is_bulk = False
        self._rate = 0.0
        self._tick = 0

    def is_bulk(self, rate: float, now: float, *, behind: bool = False) -> bool:
        """Whether mail goes by bulk calls at ``rate`` recipients a second; ``now`` monotonic.

        ``behind``: the calls made so far didn't carry the rate, for whichever reason.
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
        """SES throttles the bulk call itself: single calls for the next ten minutes."""
        self._single_until = now + _STEP_BACK_SECONDS

    def chunk(self, rate: float) -> int:
        """How many mails the next chunk should have, so that whole calls make up each second."""
        if rate != self._rate:
            self._rate, self._tick = rate, 0
        return sum(self._sizes(rate))

    def calls(
        self, claims: Sequence[Claim], slots: Reservation, rate: float, *, bulk: bool
    ) -> list[CallPlan]:
        """The calls for ``claims``, each at the slot of its first mail."""
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

        Any second of consecutive calls adds up to the rate: if sizes were just rounded, a second
        would hold a call too many or too few, and the rate limiter would have to hold one back.
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
