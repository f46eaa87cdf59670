"""What passes between ledger, sender and gateway: small, frozen, free of any database."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sestui.core.clock import Instant
from sestui.core.delivery.pacing import NO_RATE, PACE, AllowedRate, Quota, Reservation
from sestui.core.delivery.states import RunState

RELAYED, PLACE = "relayed_mail", "place"
"""Names of a claim's attributes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery this worker has taken: it is ``sending`` in the ledger until answered."""

    delivery_id: int
    run_id: int
    email: str
    attempt: int
    """The claim's fence: 1 for the first, grows with each. It says nothing of what went wrong."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """The contact's attributes as they are at the claim; of a relayed mail's recipient, which
    mail it is (:data:`RELAYED`) and who of it (:data:`PLACE`)."""
    faults: int = 0
    """How often SES has failed on this mail so far."""


class AnswerKind(StrEnum):
    """What became of a handed-over mail, in the ledger's terms.

    docs/decisions/0001-ledger-states.md says why there are four.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class HoldBack(StrEnum):
    """What a not-sent answer says about everything that would be sent next."""

    RATE = "rate"
    """The account's rate is exceeded: slow down."""
    BULK = "bulk"
    """The bulk call itself is throttled, not the account: go on with single calls."""
    QUOTA = "quota"
    """The daily quota is used up."""
    PAUSED = "paused"
    """The account may not send at all: a person has to act."""
    UNREACHABLE = "unreachable"
    """No connection: try again soon."""
    FAULT = "fault"
    """SES failed on this mail: try it again later."""
    WITHDRAWN = "withdrawn"
    """We took it back ourselves."""
    CONTENT = "content"
    """The mail can't be rendered for this recipient as things are."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one mail that was to be handed to SES."""

    kind: AnswerKind
    message_id: str = ""
    code: str = ""
    """SES's error code, or the name of what failed (an exception's); '' when accepted."""
    reason: str = ""
    """A sentence for people; control characters removed."""
    hold_back: HoldBack | None = None
    """Set where the kind is NOT_SENT."""


WITHDRAWN = Reply(
    AnswerKind.NOT_SENT,
    code="Withdrawn",
    reason="Taken back before it left.",
    hold_back=HoldBack.WITHDRAWN,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply on its way into the ledger: what became of one claim."""

    delivery_id: int
    attempt: int
    reply: Reply
    retry_after: float = 0.0
    """NOT_SENT: seconds until the row may be claimed again."""

    @classmethod
    def of(cls, claim: Claim, reply: Reply) -> "Answer":
        """``reply`` to ``claim``."""
        return cls(claim.delivery_id, claim.attempt, reply)


@dataclass(frozen=True, slots=True)
class RunCounts:
    """The states of a run; they always add up to its audience."""

    pending: int = 0
    sending: int = 0
    accepted: int = 0
    rejected: int = 0
    in_doubt: int = 0
    skipped: int = 0

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
        """Recipients that need nothing more from the sender."""
        return self.accepted + self.rejected + self.in_doubt + self.skipped

    def as_dict(self) -> dict[str, int]:
        """State name to count, in the ledger's order."""
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
    """What a worker asks of the ledger: the next few deliveries of a run, and slots for them."""

    run_id: int
    most: int
    """Never more claims than this; a chunk of the allowed rate may be fewer."""
    max_rate: float | None = None
    """The run's own limit, recipients a second; None: the account's rate."""
    pace: float = PACE
    """The share of the account's rate to schedule."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What the ledger gave: claims with their slots, or why there are none."""

    now: Instant
    """The ledger's clock when it gave them: slots are to be read against it."""
    monotonic: float = 0.0
    """This process's monotonic clock at that same instant."""
    claims: tuple[Claim, ...] = ()
    slots: Reservation | None = None
    run_state: RunState | None = None
    """The run's state after this; None when nothing was wanted."""
    skipped: int = 0
    quota_exhausted: bool = False
    """There are deliveries, but the 24-hour quota (or sestui's share of it) is used up."""
    next_at: Instant | None = None
    """Nothing can be claimed before: others hold the slots, or every row is backing off."""
    allowed: AllowedRate = NO_RATE
    """What the account allows all runs together."""
    opens_at: Instant = 0.0
    """When the account's next free slot is, for whichever run."""
    workers: int = 1
    """How many processes send through this database, this one included."""
    quota: Quota | None = None
    """The quota after this claim; None when nothing was wanted."""
