"""The states of a delivery and of a run, and which step may follow which."""

from enum import StrEnum


class DeliveryState(StrEnum):
    """Where one recipient of one run stands; a delivery is in exactly one of these."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"

    @property
    def label(self) -> str:
        """The state as people read it: ``in doubt``, not ``in_doubt``."""
        return self.value.replace("_", " ")


DELIVERY_STEPS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset({DeliveryState.SENDING, DeliveryState.SKIPPED}),
    DeliveryState.SENDING: frozenset(
        {
            DeliveryState.ACCEPTED,
            DeliveryState.REJECTED,
            DeliveryState.PENDING,
            DeliveryState.IN_DOUBT,
        }
    ),
    DeliveryState.IN_DOUBT: frozenset(
        # Rejected only by the late answer of a worker that was thought dead.
        {DeliveryState.ACCEPTED, DeliveryState.PENDING, DeliveryState.REJECTED}
    ),
    DeliveryState.ACCEPTED: frozenset(),
    DeliveryState.REJECTED: frozenset(),
    DeliveryState.SKIPPED: frozenset(),
}
"""The ledger's arrows: nothing else ever happens to a delivery."""

OPEN_STATES = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})
"""While a run has deliveries in these, it is not finished."""

SETTLED_STATES = frozenset(DeliveryState) - OPEN_STATES
"""A delivery in one of these needs nothing more from the sender."""


class RunState(StrEnum):
    """Where a run stands."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    WAITING = "waiting"
    FINISHED = "finished"
    CANCELLED = "cancelled"


ENDED_RUN_STATES = frozenset({RunState.FINISHED, RunState.CANCELLED})
"""Runs in these are history: nothing starts them again."""


class PauseReason(StrEnum):
    """Why a run is paused: who has to act before it goes on."""

    OPERATOR = "operator"
    ERRORS = "errors"
    BREAKER = "breaker"
    ACCOUNT = "account"


class WaitReason(StrEnum):
    """What a waiting run waits for; it goes on by itself, but for want of approval."""

    QUOTA = "quota"
    ACCOUNT = "account"
    """SES doesn't answer, or can't be reached."""
    WINDOW = "window"
    APPROVAL = "approval"


class RunKind(StrEnum):
    """What made the run: a campaign for its audience, a test, or sestui itself."""

    CAMPAIGN = "campaign"
    TEST = "test"
    NOTICE = "notice"
    """sestui's own mail to its operators: a run has finished, the figures of the week."""
    RELAY = "relay"
    """What other programs handed to the relay with one key, on one day."""


AUDIENCES = frozenset({RunKind.CAMPAIGN, RunKind.RELAY})
"""Kinds whose deliveries are for somebody out there: they count as what a campaign has done."""


class Completion(StrEnum):
    """Whether the end of a run has been told of to those whom it concerns."""

    OWED = "owed"
    TOLD = "told"


class WorkerRole(StrEnum):
    """What a process is registered for."""

    SENDER = "sender"
    TASKS = "tasks"


class ContactStatus(StrEnum):
    """Whether a contact may be mailed at all."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    INVALID = "invalid"


class Standing(StrEnum):
    """A contact's status with suppression taken in: every contact has exactly one of these."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    INVALID = "invalid"
    SUPPRESSED = "suppressed"
    """Whatever the status: nothing is mailed to a suppressed address."""


MANUAL = "manual"
"""The reason of a suppression that an operator made."""


class SkipReason(StrEnum):
    """Why a delivery was skipped."""

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    UNRENDERABLE = "unrenderable"
    """Their mail could not be rendered, and the operator said to leave such recipients out."""


UNMADE = "ContentError"
"""The code of a pending delivery for which no mail could be made so far."""
