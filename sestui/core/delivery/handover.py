"""Values passed between ledger, sender and gateway; independent of the database."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sestui.core.clock import Instant
from sestui.core.delivery.pacing import NO_RATE, PACE, AllowedRate, Quota, Reservation
from sestui.core.delivery.states import RunState

RELAYED, PLACE = "relayed_mail", "place"
"""Names of attributes in the claim of a relayed mail."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker has claimed: ``sending`` in the ledger until answered."""

    delivery_id: int
    run_id: int
    email: str
    attempt: int
    """The claim's fencing token: 1 for the first claim, then increasing."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """The contact's attributes at the time of the claim. For a relayed mail: its id
    (:data:`RELAYED`) and the recipient's index (:data:`PLACE`)."""
    faults: int = 0
    """How often SES has failed on this mail."""
    variant: str = ""
    """The letter of the subject that it gets; '' without a split."""


class AnswerKind(StrEnum):
    """The result of handing a mail to SES, as the ledger records it.

    docs/decisions/0001-ledger-states.md says why there are four.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class HoldBack(StrEnum):
    """What an answer "not sent" means for the mail that follows."""

    RATE = "rate"
    """The account's rate is exceeded: slow down."""
    BULK = "bulk"
    """Bulk calls are throttled, not the account: use single calls."""
    QUOTA = "quota"
    """The daily quota is used up."""
    PAUSED = "paused"
    """The account may not send: a person has to act."""
    UNREACHABLE = "unreachable"
    """SES can't be reached: try again soon."""
    FAULT = "fault"
    """SES failed on this mail: retry it later."""
    WITHDRAWN = "withdrawn"
    """The mail was withdrawn before it left."""
    CONTENT = "content"
    """The mail can't be rendered for this recipient at the moment."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of handing one mail to SES."""

    kind: AnswerKind
    message_id: str = ""
    code: str = ""
    """SES's error code, or the name of an exception; '' when accepted."""
    reason: str = ""
    """A sentence for people, without control characters."""
    hold_back: HoldBack | None = None
    """Set if the kind is NOT_SENT."""


WITHDRAWN = Reply(
    AnswerKind.NOT_SENT,
    code="Withdrawn",
    reason="Taken back before it left.",
    hold_back=HoldBack.WITHDRAWN,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a claim, on its way into the ledger."""

    delivery_id: int
    attempt: int
    reply: Reply
    retry_after: float = 0.0
    """Seconds until the row may be claimed again (NOT_SENT only)."""
    seconds: float | None = None
    """From the call's leaving to SES's answer; None: it didn't answer, or wasn't asked."""

    @classmethod
    def of(cls, claim: Claim, reply: Reply, seconds: float | None = None) -> "Answer":
        """``reply`` to ``claim``, ``seconds`` after it left."""
        return cls(claim.delivery_id, claim.attempt, reply, seconds=seconds)


@dataclass(frozen=True, slots=True)
class RunCounts:
    """A run's deliveries by state, which add up to its audience; and what SES reported since."""

    pending: int = 0
    sending: int = 0
    accepted: int = 0
    rejected: int = 0
    in_doubt: int = 0
    skipped: int = 0
    delivered: int = 0
    """Of the accepted, those that SES has reported as delivered; a complaint doesn't undo it."""
    bounced: int = 0
    """Of the accepted, those that came back. Nobody is delivered and bounced."""
    complained: int = 0
    """Of the delivered, those that were reported as spam."""
    unchecked: int = 0
    """Of the pending, those whose mail has yet to be checked: nobody claims them before."""

    @property
    def audience(self) -> int:
        """All recipients of the run."""
        return (
            self.pending
            + self.sending
            + self.accepted
            + self.rejected
            + self.in_doubt
            + self.skipped
        )

    @property
    def settled(self) -> int:
        """Recipients with which the sender is done."""
        return self.accepted + self.rejected + self.in_doubt + self.skipped

    @property
    def handed_over(self) -> int:
        """Recipients whose mail was handed to SES, whatever it answered."""
        return self.accepted + self.rejected + self.in_doubt

    def outcomes(self) -> dict[str, int]:
        """What SES has reported to how many of the accepted."""
        return {
            "delivered": self.delivered,
            "bounced": self.bounced,
            "complained": self.complained,
        }

    def as_dict(self) -> dict[str, int]:
        """Counts by name of the state."""
        return {
            "pending": self.pending,
            "sending": self.sending,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "in_doubt": self.in_doubt,
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """A worker's request for the next deliveries of a run, and slots for them."""

    run_id: int
    most: int
    """Upper limit of claims; the allowed rate may make it fewer."""
    max_rate: float | None = None
    """The run's own limit in recipients a second; None for the account's rate."""
    pace: float = PACE
    """The share of the account's rate to schedule."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """Claims with their slots, or the reason why there are none."""

    now: Instant
    """The ledger's clock at the claim, to which the slots refer."""
    monotonic: float = 0.0
    """This process's monotonic clock at the same instant."""
    claims: tuple[Claim, ...] = ()
    slots: Reservation | None = None
    run_state: RunState | None = None
    """The run's state afterwards; None if nothing was requested."""
    skipped: int = 0
    quota_exhausted: bool = False
    """Deliveries are pending, but sestui's part of the 24-hour quota is used up."""
    next_at: Instant | None = None
    """Nothing can be claimed before this: others hold the slots, or all rows are backing off
    or yet to be checked."""
    nobody: bool = False
    """Nothing can be claimed though slots are free, and nobody is to come who hasn't been tried:
    all are backing off or in flight."""
    allowed: AllowedRate = NO_RATE
    """The account's rate for all runs together."""
    opens_at: Instant = 0.0
    """The account's next free slot."""
    workers: int = 1
    """Number of processes that send through this database, including this one."""
    quota: Quota | None = None
    """The quota after this claim; None if nothing was requested."""
