"""Scripted faults: their kinds, chances and recipients."""

import random
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from sestui.errors import UsageError
from sestui.ses_api.wire import (
    BulkStatus,
    EntryResult,
    ServiceError,
    quota_exceeded,
    rate_exceeded,
    sending_paused,
)


class FaultKind(StrEnum):
    """Kinds of faults; see :data:`MEANINGS`."""

    THROTTLE = "throttle"
    DAILY_QUOTA = "daily_quota"
    SENDING_PAUSED = "sending_paused"
    ERROR_500 = "error_500"
    ERROR_503 = "error_503"
    REFUSE = "refuse"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANG_AFTER = "hang_after"
    TRUNCATED = "truncated"
    GATEWAY_502 = "gateway_502"
    SLOW = "slow"
    MIXED_BULK = "mixed_bulk"


MEANINGS: dict[FaultKind, str] = {
    FaultKind.THROTTLE: "refused: Maximum sending rate exceeded.",
    FaultKind.DAILY_QUOTA: "refused: Daily message quota exceeded.",
    FaultKind.SENDING_PAUSED: "refused: sending is paused",
    FaultKind.ERROR_500: "not accepted, InternalFailure as JSON",
    FaultKind.ERROR_503: "not accepted, ServiceUnavailable as JSON",
    FaultKind.REFUSE: "refused for good: MessageRejected (in a bulk call, that entry)",
    FaultKind.RESET_BEFORE: "connection reset, not accepted",
    FaultKind.RESET_AFTER: "accepted, then the connection is reset without an answer",
    FaultKind.HANG_AFTER: "accepted, no answer for so many seconds, then closed",
    FaultKind.TRUNCATED: "accepted, half of the answer, then closed",
    FaultKind.GATEWAY_502: "accepted, but a gateway answers 502 with a page of HTML",
    FaultKind.SLOW: "the answer takes so many seconds more",
    FaultKind.MIXED_BULK: "entries of bulk calls fail with statuses drawn by chance",
}

REFUSALS: dict[FaultKind, ServiceError] = {
    FaultKind.THROTTLE: rate_exceeded(),
    FaultKind.DAILY_QUOTA: quota_exceeded(),
    FaultKind.SENDING_PAUSED: sending_paused(),
    FaultKind.ERROR_500: ServiceError(
        500, "InternalFailure", "An internal error occurred; the mail was not accepted."
    ),
    FaultKind.ERROR_503: ServiceError(
        503, "ServiceUnavailable", "The service is unavailable; the mail was not accepted."
    ),
}
"""Faults that refuse a whole call, with the error they give."""

ENTRY_KINDS = frozenset({FaultKind.REFUSE, FaultKind.MIXED_BULK})
"""Faults drawn for each mail of a call; the others are drawn once a call."""
BEFORE = frozenset({*REFUSALS, FaultKind.RESET_BEFORE})
"""Faults that keep a call from being accepted."""
AFTER = frozenset(FaultKind) - BEFORE - ENTRY_KINDS
"""Faults in the answer to a call in which a mail was accepted."""

_DEFAULT_SECONDS = {FaultKind.HANG_AFTER: 120.0, FaultKind.SLOW: 5.0}
_ENTRY_FAILURES = (
    EntryResult(BulkStatus.TRANSIENT_FAILURE, error="Transient failure; try again."),
    EntryResult(BulkStatus.FAILED, error="The message could not be sent."),
    EntryResult(BulkStatus.MESSAGE_REJECTED, error="Message rejected by a scripted fault."),
    EntryResult(BulkStatus.ACCOUNT_THROTTLED, error="Maximum sending rate exceeded."),
    EntryResult(BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED, error="Daily message quota exceeded."),
    EntryResult(BulkStatus.INVALID_PARAMETER, error="Invalid parameter."),
)


@dataclass(frozen=True, slots=True)
class ScriptedFault:
    """One scripted fault."""

    id: int
    kind: FaultKind
    probability: float
    """Chance, 0 to 1, that it affects a matching call (or mail, for :data:`ENTRY_KINDS`)."""
    count: int | None
    """How often it still fires; None is unlimited."""
    match: str
    """A recipient, or a pattern with ``*`` and ``?`` such as ``*@example.org``; '' is anyone."""
    seconds: float

    def matches(self, recipients: tuple[str, ...]) -> bool:
        """Whether any of these matches, ignoring case."""
        return not self.match or any(
            fnmatchcase(address.lower(), self.match.lower()) for address in recipients
        )


class FaultDraw:
    """The faults drawn for one call; ``fired`` counts them by id."""

    def __init__(self, faults: list[ScriptedFault], chance: random.Random) -> None:
        self._faults = faults
        self._chance = chance
        self.fired: dict[int, int] = {}

    def first(
        self, kinds: frozenset[FaultKind], recipients: tuple[str, ...]
    ) -> ScriptedFault | None:
        """The first fault of these kinds that fires for these recipients; counts it."""
        for fault in self._faults:
            if fault.kind in kinds and self._fires(fault, recipients):
                self.fired[fault.id] = self.fired.get(fault.id, 0) + 1
                return fault
        return None

    def entry_failure(self, recipients: tuple[str, ...], *, bulk: bool) -> EntryResult | None:
        """The failure of one mail of a call, if a fault fires for it."""
        kinds = ENTRY_KINDS if bulk else ENTRY_KINDS - {FaultKind.MIXED_BULK}
        fault = self.first(kinds, recipients)
        if fault is None:
            return None
        if fault.kind is FaultKind.MIXED_BULK:
            return self._chance.choice(_ENTRY_FAILURES)
        return EntryResult(
            BulkStatus.MESSAGE_REJECTED, error="Message rejected by a scripted fault."
        )

    def _fires(self, fault: ScriptedFault, recipients: tuple[str, ...]) -> bool:
        spent = fault.count is not None and self.fired.get(fault.id, 0) >= fault.count
        return (
            not spent
            and fault.matches(recipients)
            and (fault.probability >= 1 or self._chance.random() < fault.probability)
        )


def checked_fault(
    kind: str,
    *,
    probability: float | None = None,
    count: int | None = None,
    match: str = "",
    seconds: float | None = None,
) -> ScriptedFault:
    """A fault not yet stored (id 0), with the defaults of its kind.

    Raises:
        UsageError: the kind is unknown or a number is out of bounds.
    """
    try:
        known = FaultKind(kind)
    except ValueError as error:
        names = ", ".join(FaultKind)
        raise UsageError(f"There is no fault {kind!r}; there are {names}.") from error
    if probability is None:
        probability = 0.5 if known is FaultKind.MIXED_BULK else 1.0
    if seconds is None:
        seconds = _DEFAULT_SECONDS.get(known, 0.0)
    if not 0 < probability <= 1:
        raise UsageError("A fault's probability is above 0 and at most 1.")
    if count is not None and count < 1:
        raise UsageError("A fault's count is at least 1.")
    if not 0 <= seconds <= 86_400:
        raise UsageError("A fault's seconds are between 0 and 86400.")
    return ScriptedFault(0, known, probability, count, match, seconds)
