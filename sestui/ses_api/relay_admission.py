"""What passes between the relay's door and its ledger: small, frozen, free of any database."""

from dataclasses import dataclass
from enum import StrEnum

from sestui.core.clock import Instant
from sestui.core.delivery.handover import Answer, Claim
from sestui.ses_api.relayed import Recipient
from sestui.ses_api.wire import ServiceError

RELAY_PRIORITY = 99
"""Above every campaign's (0 to 9): programs' mail gets most of the rate while both have some."""

HOLD_SECONDS = 60.0
"""A mail's other recipients wait so long for what the first comes to, which takes half of it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A key, as far as a mail's admission depends on it."""

    id: str
    campaign_id: int
    rate_share: float = 1.0
    """Of the account's rate."""
    quota_share: float = 1.0
    """Of the 24-hour quota that sestui allows itself."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail that a client hands over."""

    terms: Terms
    recipients: tuple[Recipient, ...]
    payload: bytes
    retry_key: str
    """The same for every try of one call."""
    replay_key: str
    """The same for requests with the same signature."""
    own_call: bool = False
    """A new call for certain, whoever else has its signature: identical calls that an SDK signs
    within a second have one signature, and only the names it gives them apart."""


class AdmissionVerdict(StrEnum):
    """What the ledger says to an incoming mail."""

    ADMITTED = "admitted"
    """It is in the ledger, and its first call is to be made."""
    KNOWN = "known"
    """It was taken over before."""
    NOBODY = "nobody"
    """It is in the ledger, and everybody on it is suppressed."""
    LATER = "later"
    """It is not in the ledger: no slot is free yet."""
    REFUSED = "refused"
    """It is not in the ledger, and won't be."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of an incoming mail."""

    verdict: AdmissionVerdict
    mail_id: int = 0
    claims: tuple[Claim, ...] = ()
    """ADMITTED: the recipients of the first call, ``sending`` in the ledger."""
    places: tuple[int, ...] = ()
    """ADMITTED: their places among the mail's recipients."""
    slot: Instant = 0.0
    """ADMITTED: when the call may leave, by the ledger's clock."""
    next_at: Instant = 0.0
    """LATER: when it is worth asking again, by the ledger's clock."""
    error: ServiceError | None = None
    """REFUSED: what the client is told."""


@dataclass(frozen=True, slots=True)
class Admissions:
    """The ledger's answer to a batch of incoming mails, in their order."""

    now: Instant
    """The ledger's clock."""
    monotonic: float
    """This process's monotonic clock at that same instant."""
    rate: float = 0.0
    """Recipients a second that the account allows."""
    found: tuple[Admission, ...] = ()

    @property
    def ahead(self) -> float:
        """What is added to an instant of the ledger's to get this process's monotonic seconds."""
        return self.monotonic - self.now


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What SES said to a mail's first call, for each of its recipients."""

    mail_id: int
    answers: tuple[Answer, ...]
    terms: Terms
    recipients: int
    """How many the whole mail has."""
    admitted_at: Instant


@dataclass(frozen=True, slots=True)
class RelayedOutcome:
    """Where the recipient that a mail was answered for stands."""

    state: str
    message_id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """What the relay took over and has not sent yet."""

    depth: int
    age: float
    """Seconds that the one that waits longest has waited; 0 if none waits."""


def own_message_id(mail_id: int) -> str:
    """The id for a mail that SES gave none for: taken over, and accounted for by the ledger."""
    return f"sestui-relay-{mail_id:012d}"
