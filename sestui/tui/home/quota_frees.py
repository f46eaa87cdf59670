"""What of the 24-hour quota becomes free, and when: mail counts for 24 hours after it left."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.pacing import DAY_SECONDS, Quota
from sestui.store.ledger.slices import AnswerCounts

SLICE_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class QuotaFrees:
    """The next 24 hours, if nothing more is sent."""

    free: tuple[float, ...]
    """Mails that may leave, at the end of each :data:`SLICE_SECONDS` from now on."""
    more: int
    """How many become free in all: those of which this database knows when they left."""
    until: Instant | None
    """When the last of them is free; None: there are none."""


def quota_frees(sent: Sequence[AnswerCounts], quota: Quota, now: Instant) -> QuotaFrees | None:
    """Lay out when what was ``sent`` in the last day leaves the quota; None: it is unlimited."""
    if quota.limit is None or quota.left is None:
        return None
    leaving = [(each.at + SLICE_SECONDS + DAY_SECONDS, each.accepted) for each in sent]
    leaving = [(at, count) for at, count in leaving if at > now and count]
    # Of what SES doesn't count nothing becomes free.
    known = min(sum(count for _, count in leaving), int(quota.used))
    over = max(0.0, quota.used - quota.limit)
    free = []
    for step in range(1, int(DAY_SECONDS // SLICE_SECONDS) + 1):
        end = now + step * SLICE_SECONDS
        gone = min(known, sum(count for at, count in leaving if at <= end))
        free.append(min(quota.limit, quota.left + max(0.0, gone - over)))
    until = max((at for at, _ in leaving), default=None)
    return QuotaFrees(tuple(free), known, until)
