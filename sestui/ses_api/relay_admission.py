"""Values passed between the relay's HTTP side and its ledger; independent of the database."""

from dataclasses import dataclass
from enum import StrEnum

from sestui.core.clock import Instant
from sestui.core.delivery.handover import Answer, Claim
from sestui.ses_api.relayed import Recipient
from sestui.ses_api.wire import ServiceError

RELAY_PRIORITY = 99
"""Higher than any campaign's (0 to 9), so that programs' mail gets most of the rate."""

HOLD_SECONDS = 60.0
"""How long a mail's other recipients wait for the answer to its first call, which takes half of
it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of a key that admission depends on."""

    id: str
    campaign_id: int
    rate_share: float = 1.0
    """Share of the account's rate."""
    quota_share: float = 1.0
    """Share of the 24-hour quota that sestui uses."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail from a client, to be admitted."""

    terms: Terms
    recipients: tuple[Recipient, ...]
    payload: bytes
    retry_key: str
    """The same for all attempts at one call."""
    replay_key: str
    """The same for requests with the same signature."""
    own_call: bool = False
    """Whether it is certainly a new call. Identical calls signed within a second have the same
    signature; only the ids that an SDK gives them differ."""


class AdmissionVerdict(StrEnum):
    """The ledger's decision about an incoming mail."""

    ADMITTED = "admitted"
    """It is in the ledger, and its first call can be made."""
    KNOWN = "known"
    """It has been admitted before."""
    NOBODY = "nobody"
    """It is in the ledger, but all recipients are suppressed."""
    LATER = "later"
    """It is not in the ledger yet: no slot is free."""
    REFUSED = "refused"
    """It is not admitted."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The result of admitting one mail."""

    verdict: AdmissionVerdict
    mail_id: int = 0
    claims: tuple[Claim, ...] = ()
    """ADMITTED: the recipients of the first call, ``sending`` in the ledger."""
    places: tuple[int, ...] = ()
    """ADMITTED: their indexes among the mail's recipients."""
    slot: Instant = 0.0
    """ADMITTED: when the call may leave, by the ledger's clock."""
    next_at: Instant = 0.0
    """LATER: when to try again, by the ledger's clock."""
    error: ServiceError | None = None
    """REFUSED: the client's error."""


@dataclass(frozen=True, slots=True)
class Admissions:
    """The results for a batch of mails, in their order."""

    now: Instant
    """The ledger's clock."""
    monotonic: float
    """This process's monotonic clock at the same instant."""
    rate: float = 0.0
    """Recipients a second that the account allows."""
    found: tuple[Admission, ...] = ()

    @property
    def ahead(self) -> float:
        """Offset from the ledger's clock to this process's monotonic clock."""
        return self.monotonic - self.now


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """SES's answer to a mail's first call, for each of its recipients."""

    mail_id: int
    answers: tuple[Answer, ...]
    terms: Terms
    recipients: int
    """Recipients of the whole mail."""
    admitted_at: Instant


@dataclass(frozen=True, slots=True)
class RelayedOutcome:
    """The state of a mail's first recipient, for the client's answer."""

    state: str
    message_id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Mail that the relay has admitted but not sent yet."""

    depth: int
    age: float
    """Age of the oldest in seconds; 0 if there is none."""


def own_message_id(mail_id: int) -> str:
    """The message id returned to the client for a mail without one from SES."""
    return f"sestui-relay-{mail_id:012d}"
