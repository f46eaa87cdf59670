"""What a bulk call says: each mail's own status, or the error of what all of them share."""

import pytest

from sestui.core.delivery.handover import AnswerKind, HoldBack, Reply
from sestui.relay.results import SendResult, as_entry, of_reply, of_whole_call
from sestui.ses_api import wire
from sestui.ses_api.wire import BulkStatus, EntryResult, ServiceError

MISSING = wire.not_found("Template x does not exist.")
PAUSED = wire.sending_paused()
SUSPENDED = ServiceError(400, "AccountSuspendedException", "Suspended.")
BAD = wire.bad_request("Illegal address")
TAKEN = SendResult("m1")


def errors(*given):
    return [SendResult(error=each) for each in given]


@pytest.mark.parametrize("shared", [MISSING, PAUSED, SUSPENDED])
def test_what_all_share_fails_the_whole_call(shared):
    assert of_whole_call(errors(shared, shared)) is shared
    assert of_whole_call(errors(BAD, wire.rate_exceeded(), shared)) is shared


@pytest.mark.parametrize("shared", [MISSING, PAUSED, SUSPENDED])
def test_but_not_once_a_mail_was_taken(shared):
    for settled in ([TAKEN, *errors(shared)], [*errors(shared), TAKEN]):
        assert of_whole_call(settled) is None
        assert {as_entry(each).status for each in settled} == {
            BulkStatus.SUCCESS,
            EntryResult.of_error(shared).status,
        }


@pytest.mark.parametrize(
    "own", [BAD, wire.rate_exceeded(), wire.quota_exceeded(), wire.rejected("No.")]
)
def test_what_is_one_mails_own_fails_it_alone(own):
    assert of_whole_call(errors(own, own)) is None
    assert as_entry(SendResult(error=own)).error == own.text


@pytest.mark.parametrize(
    ("code", "reason", "said", "status"),
    [
        ("SendingPausedException", "Paused.", "SendingPausedException", "ACCOUNT_SENDING_PAUSED"),
        ("AccountSendingPaused", "Paused.", "SendingPausedException", "ACCOUNT_SENDING_PAUSED"),
        (
            "ConfigurationSetSendingPausedException",
            "Sending is paused for configuration set x.",
            "SendingPausedException",
            "CONFIGURATION_SET_SENDING_PAUSED",
        ),
        ("AccountSuspendedException", "Shut.", "AccountSuspendedException", "ACCOUNT_SUSPENDED"),
    ],
)
def test_an_account_that_may_not_send_says_so_in_sess_words(code, reason, said, status):
    reply = Reply(AnswerKind.NOT_SENT, code=code, reason=reason, hold_back=HoldBack.PAUSED)
    settled = of_reply(reply, 1)
    assert (settled.error.status, settled.error.code, settled.error.text) == (400, said, reason)
    assert as_entry(settled).status == status


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        ("MailFromDomainNotVerifiedException", "No.", "MAIL_FROM_DOMAIN_NOT_VERIFIED"),
        (
            "NotFoundException",
            "Configuration set <x> does not exist.",
            "CONFIGURATION_SET_NOT_FOUND",
        ),
        ("NotFoundException", "Template x does not exist.", "TEMPLATE_NOT_FOUND"),
        ("BadRequestException", "Invalid sending pool name.", "INVALID_SENDING_POOL_NAME"),
        ("MessageRejected", "No.", "MESSAGE_REJECTED"),
    ],
)
def test_sess_refusal_of_a_mail_is_its_status(code, text, status):
    settled = of_reply(Reply(AnswerKind.REFUSED, code=code, reason=text), 1)
    assert as_entry(settled) == EntryResult(BulkStatus(status), error=text)
