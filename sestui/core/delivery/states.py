"""States of deliveries, runs and contacts, and the transitions between them."""

from enum import StrEnum


class DeliveryState(StrEnum):
    """The state of one recipient of one run."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"

    @property
    def label(self) -> str:
        """The state for people: ``in doubt``, not ``in_doubt``."""
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
        # REJECTED only by the late answer of a worker that was presumed dead.
        {DeliveryState.ACCEPTED, DeliveryState.PENDING, DeliveryState.REJECTED}
    ),
    DeliveryState.ACCEPTED: frozenset(),
    DeliveryState.REJECTED: frozenset(),
    DeliveryState.SKIPPED: frozenset(),
}
"""All transitions that the ledger allows."""

OPEN_STATES = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})
"""A run with deliveries in one of these states is not finished."""

SETTLED_STATES = frozenset(DeliveryState) - OPEN_STATES
"""The sender is done with deliveries in these states."""

HANDED_OVER_STATES = frozenset(
    {DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT, DeliveryState.SENDING}
)
"""The recipients may have the mail: nobody may get it twice for a doubt."""


class RunState(StrEnum):
    """The state of a run."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    WAITING = "waiting"
    FINISHED = "finished"
    CANCELLED = "cancelled"


ENDED_RUN_STATES = frozenset({RunState.FINISHED, RunState.CANCELLED})
"""Nothing restarts a run in one of these states."""

GOING_RUN_STATES = frozenset({RunState.SENDING, RunState.WAITING})
"""A run in one of these states sends, now or once it may."""

PAUSABLE_RUN_STATES = GOING_RUN_STATES | {RunState.SCHEDULED}
"""A run in one of these states goes on by itself unless somebody pauses it."""


class PauseReason(StrEnum):
    """Why a run is paused until somebody resumes it."""

    OPERATOR = "operator"
    ERRORS = "errors"
    BREAKER = "breaker"
    ACCOUNT = "account"


class WaitReason(StrEnum):
    """What a waiting run waits for; all but :data:`OPERATOR_WAITS` end by themselves."""

    QUOTA = "quota"
    ACCOUNT = "account"
    """SES can't be reached."""
    WINDOW = "window"
    LOCAL_TIME = "local_time"
    """It is too early where the next recipients are."""
    SPLIT = "split"
    """The subjects of a split have been sent: the winner is chosen at a time that is known."""
    WINNER = "winner"
    """They have been sent, and the operator chooses."""
    APPROVAL = "approval"


OPERATOR_WAITS = frozenset({WaitReason.APPROVAL, WaitReason.WINNER})
"""Waits that go on until the operator has decided."""

SPLIT_WAITS = frozenset({WaitReason.SPLIT, WaitReason.WINNER})


class RunKind(StrEnum):
    """The origin of a run."""

    CAMPAIGN = "campaign"
    TEST = "test"
    NOTICE = "notice"
    """sestui's own mail to its operators, such as the report of a finished run."""
    RELAY = "relay"
    """Mail that other programs sent through the relay with one key on one day."""
    CONFIRMATION = "confirmation"
    """The mails of one day to people who filled in the subscribe form."""


AUDIENCES = frozenset({RunKind.CAMPAIGN, RunKind.RELAY})
"""Kinds of runs whose deliveries count in statistics."""

NAMED_BY_CAMPAIGN = AUDIENCES | {RunKind.CONFIRMATION}
"""Kinds of runs that are paused, resumed and cancelled by their campaign's name."""

OWN_MAIL = frozenset({RunKind.NOTICE, RunKind.CONFIRMATION})
"""Kinds of runs that sestui starts by itself, for no campaign."""


def run_name(kind: str, number: int) -> str:
    """``run 3``, ``test 1``: what is no campaign's mail to its audience is numbered by itself."""
    return f"{'run' if kind in AUDIENCES else kind} {number}"


class Completion(StrEnum):
    """Whether the notice of a run's end has been sent."""

    OWED = "owed"
    TOLD = "told"


class WorkerRole(StrEnum):
    """The purpose for which a process is registered."""

    SENDER = "sender"
    TASKS = "tasks"
    BACKGROUND = "background"
    """The process that goes on sending after the screens were left; what it sends, it claims as a
    sender beside this."""


class ContactStatus(StrEnum):
    """The status of a contact."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    INVALID = "invalid"


class Standing(StrEnum):
    """A contact's status, or that its address is suppressed."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    INVALID = "invalid"
    SUPPRESSED = "suppressed"
    """Whatever its status."""


MANUAL = "manual"
"""The reason of a suppression made by an operator."""


class SkipReason(StrEnum):
    """Why a delivery was skipped."""

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    INVALID = "invalid"
    PAUSED = "paused"
    """The recipient wants no mail for a while."""
    LEFT_LIST = "left_list"
    """The recipient left the campaign's lists after the run had started."""
    LEFT_SEGMENT = "left_segment"
    """The recipient was no longer in the campaign's segment when their turn came."""
    AT_MOST = "at_most"
    """The recipient had been sent as much as the campaign's frequency limit allows."""
    HOLDOUT = "holdout"
    """The recipient belongs to the share that the campaign holds out, to compare with."""
    CANCELLED = "cancelled"
    ERASED = "erased"
    """Everything about the recipient was erased on request."""
    UNRENDERABLE = "unrenderable"
    """The mail could not be rendered, and the operator chose to skip such recipients."""

    @property
    def words(self) -> str:
        """Why, for people, about one recipient or many: ``unsubscribed before their turn``."""
        return _SKIPPED[self]


_SKIPPED = {
    SkipReason.SUPPRESSED: "the address is suppressed",
    SkipReason.UNSUBSCRIBED: "unsubscribed before their turn",
    SkipReason.INVALID: "the address is marked invalid",
    SkipReason.PAUSED: "paused their mail",
    SkipReason.LEFT_LIST: "left the lists before their turn",
    SkipReason.LEFT_SEGMENT: "left the segment before their turn",
    SkipReason.AT_MOST: "had as much mail as at_most allows",
    SkipReason.HOLDOUT: "held out, to compare with",
    SkipReason.CANCELLED: "the run was cancelled before their turn",
    SkipReason.ERASED: "erased on request",
    SkipReason.UNRENDERABLE: "the mail could not be rendered",
}


def skip_words(code: str) -> str:
    """The words of a skipped delivery's code; '' for another code."""
    return SkipReason(code).words if code in set(SkipReason) else ""


UNMADE = "ContentError"
"""The code of a pending delivery whose mail could not be rendered so far."""
