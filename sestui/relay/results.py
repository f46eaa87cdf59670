"""Clients' results, which are SES's own answers where possible."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.delivery.handover import AnswerKind, HoldBack, Reply
from sestui.core.delivery.states import DeliveryState, SkipReason
from sestui.ses_api.relay_admission import RelayedOutcome, own_message_id
from sestui.ses_api.wire import (
    BulkStatus,
    EntryResult,
    ServiceError,
    bad_request,
    quota_exceeded,
    rate_exceeded,
    rejected,
)


@dataclass(frozen=True, slots=True)
class SendResult:
    """A message id, or an error."""

    message_id: str = ""
    error: ServiceError | None = None


def of_reply(reply: Reply, mail_id: int) -> SendResult:
    """The client's result for SES's reply to the first call.

    A lost answer is a success with our own id: the mail may have been sent, and a failure would
    make the client repeat it. It is in doubt in the ledger, where an event or the operator resolves
    it.
    """
    if reply.kind is AnswerKind.ACCEPTED:
        return SendResult(reply.message_id)
    if reply.kind is AnswerKind.UNKNOWN:
        return SendResult(own_message_id(mail_id))
    if reply.kind is AnswerKind.REFUSED:
        return SendResult(error=_refusal(reply.code, reply.reason))
    return SendResult(error=_not_taken(reply))


def of_trouble(trouble: Reply) -> SendResult:
    """The client's result if SES can't be reached; it may retry."""
    return SendResult(
        error=ServiceError(503, "ServiceUnavailable", f"SES can't be reached: {trouble.reason}")
    )


def of_outcome(outcome: RelayedOutcome, mail_id: int) -> SendResult:
    """The client's result for a repeated call, by the ledger's current state."""
    if outcome.state == DeliveryState.REJECTED:
        return SendResult(error=_refusal(outcome.code, outcome.reason))
    unsent = outcome.state == DeliveryState.SKIPPED
    if unsent and outcome.code not in {SkipReason.SUPPRESSED, SkipReason.ERASED}:
        return SendResult(error=rejected("The mail was cancelled before it was sent."))
    return SendResult(outcome.message_id or own_message_id(mail_id))


_STATUSES = {
    "NotFoundException": 404,
    "TooManyRequestsException": 429,
    "AccessDeniedException": 403,
}


def _refusal(code: str, reason: str) -> ServiceError:
    return ServiceError(_STATUSES.get(code, 400), code, reason)


_PAUSES = (
    ("Suspended", BulkStatus.ACCOUNT_SUSPENDED),
    ("Paused", BulkStatus.ACCOUNT_SENDING_PAUSED),
)
"""Parts of the codes for accounts that may not send, in either API."""


def _not_taken(reply: Reply) -> ServiceError:
    if reply.hold_back in {HoldBack.RATE, HoldBack.WITHDRAWN}:
        return rate_exceeded()
    if reply.hold_back is HoldBack.QUOTA:
        return quota_exceeded()
    if reply.hold_back is HoldBack.CONTENT:
        return bad_request(reply.reason)
    if reply.hold_back is HoldBack.PAUSED:
        for word, status in _PAUSES:
            if word in reply.code:
                return EntryResult(status, error=reply.reason).as_error()
        # Its own credentials are the relay's trouble: the client's are right.
        return ServiceError(500, "InternalFailure", "SES refuses the relay's own credentials.")
    return ServiceError(503, "ServiceUnavailable", f"SES did not take it: {reply.reason}")


def as_entry(settled: SendResult) -> EntryResult:
    """What a bulk call says of one of its mails."""
    if settled.error is None:
        return EntryResult(BulkStatus.SUCCESS, settled.message_id)
    return EntryResult.of_error(settled.error)


_OF_ALL = frozenset({"NotFoundException", "SendingPausedException", "AccountSuspendedException"})
"""Codes of what all mails of a bulk call share: template, configuration set, account."""


def of_whole_call(settled: Sequence[SendResult]) -> ServiceError | None:
    """The error with which SES refuses a whole bulk call; None if it answers each entry.

    If any mail was accepted, the call must not fail, or the client would repeat it.
    """
    if any(each.error is None for each in settled):
        return None
    errors = (each.error for each in settled)
    return next((error for error in errors if error and error.code in _OF_ALL), None)
