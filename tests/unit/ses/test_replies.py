"""What an answer means: taken, refused for good, not taken, or nobody knows."""

import itertools
import json

import botocore.session
import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.handover import AnswerKind, HoldBack
from sestui.ses.http_answer import HttpAnswer
from sestui.ses.replies import bulk_replies, single_reply

ACCEPTED, REFUSED = AnswerKind.ACCEPTED, AnswerKind.REFUSED
NOT_SENT, UNKNOWN = AnswerKind.NOT_SENT, AnswerKind.UNKNOWN

RATE_TEXT, DAY_TEXT = "Maximum sending rate exceeded.", "Daily message quota exceeded."


def error(status, code, message="Because."):
    """An error as SES writes it."""
    return HttpAnswer(status, {"x-amzn-errortype": code}, json.dumps({"message": message}).encode())


def page(status, text="<html><body>Sign in</body></html>"):
    """An answer of somebody in SES's place."""
    return HttpAnswer(status, {"content-type": "text/html"}, text.encode())


def test_a_message_id_is_an_acceptance():
    reply = single_reply(HttpAnswer(200, {}, b'{"MessageId":"0100-x"}'))
    assert (reply.kind, reply.message_id) == (ACCEPTED, "0100-x")


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "hold_back"),
    [
        (429, "TooManyRequestsException", RATE_TEXT, NOT_SENT, HoldBack.RATE),
        (400, "Throttling", RATE_TEXT, NOT_SENT, HoldBack.RATE),
        (400, "Throttling", DAY_TEXT, NOT_SENT, HoldBack.QUOTA),
        (400, "LimitExceededException", DAY_TEXT, NOT_SENT, HoldBack.QUOTA),
        (429, "TooManyRequestsException", DAY_TEXT, NOT_SENT, HoldBack.QUOTA),
        (400, "SendingPausedException", "Paused.", NOT_SENT, HoldBack.PAUSED),
        (400, "AccountSuspendedException", "Suspended.", NOT_SENT, HoldBack.PAUSED),
        (403, "InvalidSignatureException", "Signature expired.", NOT_SENT, HoldBack.PAUSED),
        (400, "RequestExpired", "Too old.", NOT_SENT, HoldBack.PAUSED),
        (403, "ExpiredTokenException", "Expired.", NOT_SENT, HoldBack.PAUSED),
        (400, "MessageRejected", "No.", REFUSED, None),
        (400, "MailFromDomainNotVerifiedException", "No.", REFUSED, None),
        (400, "BadRequestException", "No.", REFUSED, None),
        (404, "NotFoundException", "No.", REFUSED, None),
        (500, "InternalFailure", "Oops.", NOT_SENT, HoldBack.FAULT),
        (503, "ServiceUnavailable", "Busy.", NOT_SENT, HoldBack.FAULT),
        (408, "RequestTimeoutException", "Slow.", NOT_SENT, HoldBack.FAULT),
    ],
)
def test_each_of_ses_errors(status, code, message, kind, hold_back):
    reply = single_reply(error(status, code, message))
    assert (reply.kind, reply.hold_back, reply.code, reply.reason) == (
        kind,
        hold_back,
        code,
        message,
    )


CODES = [
    "InternalFailure",
    "ServiceUnavailable",
    "TooManyRequestsException",
    "Throttling",
    "LimitExceededException",
    "MessageRejected",
    "SendingPausedException",
    "InvalidSignatureException",
    "RequestTimeoutException",
    "SomethingNew",
]


@pytest.mark.parametrize(("status", "code"), itertools.product([502, 504], CODES))
def test_what_a_gateway_says_is_no_word_of_ses_whatever_code_it_bears(status, code):
    for reply in (single_reply(error(status, code)), *bulk_replies(error(status, code), 3)):
        assert (reply.kind, reply.hold_back) == (UNKNOWN, None)
        assert str(status) in reply.reason


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 599])
def test_a_servers_error_without_a_code_is_no_word_of_ses_either(status):
    assert single_reply(page(status)).kind is UNKNOWN
    assert single_reply(HttpAnswer(status)).kind is UNKNOWN


@pytest.mark.parametrize("status", [300, 301, 302, 307, 400, 401, 403, 404, 408, 413])
def test_a_page_in_ses_place_tells_nothing_whatever_its_status(status):
    for reply in (single_reply(page(status)), *bulk_replies(page(status), 2)):
        assert (reply.kind, reply.hold_back) == (UNKNOWN, None)
        assert str(status) in reply.reason


@pytest.mark.parametrize(("status", "kind"), [(299, ACCEPTED), (300, UNKNOWN)])
def test_a_message_id_is_believed_below_300_only(status, kind):
    said = {"MessageId": "m", "BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "m"}]}
    answer = HttpAnswer(status, {}, json.dumps(said).encode())
    assert [each.kind for each in (single_reply(answer), *bulk_replies(answer, 1))] == [kind] * 2


def test_an_id_has_200_characters_and_a_code_100_and_no_more():
    answer = HttpAnswer(200, {}, json.dumps({"MessageId": "a" * 201}).encode())
    assert single_reply(answer).message_id == "a" * 200
    assert single_reply(error(400, "a" * 101)).code == "a" * 100
    assert bulk_replies(bulk({"Status": "a" * 101}), 1)[0].code == "a" * 100


@pytest.mark.parametrize("status", ["SUCCESS", "ODD"])
def test_ids_and_codes_are_bounded_and_hold_nothing_that_a_terminal_obeys(status):
    odd = "\x1b]0;x\x07\u202e\n" + "a" * 1000
    body = json.dumps({"MessageId": odd}).encode()
    entry = {"Status": status if status == "SUCCESS" else odd, "MessageId": odd}
    replies = [
        single_reply(HttpAnswer(200, {}, body)),
        single_reply(error(400, odd.replace(":", ""))),
        *bulk_replies(bulk(entry), 1),
    ]
    for reply in replies:
        for text in (reply.message_id, reply.code, reply.reason):
            assert not text or text.isprintable()
        assert len(reply.message_id or "") <= 200
        assert len(reply.code or "") <= 100
    assert replies[0].kind is ACCEPTED


@pytest.mark.parametrize("blank", ["\n", " ", "\x00"])
def test_a_message_id_of_nothing_that_can_be_read_is_none(blank):
    answer = HttpAnswer(200, {}, json.dumps({"MessageId": blank}).encode())
    assert single_reply(answer).kind is UNKNOWN


@pytest.mark.parametrize(("status", "hold_back"), [(407, "unreachable"), (429, "rate")])
def test_statuses_that_say_themselves_that_the_call_went_no_further(status, hold_back):
    reply = single_reply(page(status))
    assert (reply.kind, reply.hold_back) == (NOT_SENT, HoldBack(hold_back))


@pytest.mark.parametrize(
    "body", ["", "<html>", "null", "[]", "7", "{}", '{"MessageId":""}', '{"MessageId":7}', "{"]
)
def test_a_success_that_names_no_message_tells_nothing(body):
    answer = HttpAnswer(200, {"content-type": "text/html"}, body.encode())
    replies = [single_reply(answer), *bulk_replies(answer, 2)]
    assert {reply.kind for reply in replies} == {UNKNOWN}
    assert "text/html" in replies[0].reason


@pytest.mark.long
@pytest.mark.ci
@given(
    header=st.sampled_from(
        ["", "MessageRejected", "a#MessageRejected", "MessageRejected:http://x"]
    ),
    body=st.fixed_dictionaries(
        {},
        optional={
            "__type": st.sampled_from(["BadRequestException", "ses#BadRequestException"]),
            "code": st.just("NotFoundException"),
            "message": st.text("abc "),
            "Message": st.text("abc "),
        },
    ),
)
def test_codes_and_messages_are_found_where_botocore_finds_them(header, body):
    service = botocore.session.get_session().get_service_model("sesv2")
    parser = create_parser(service.resolved_protocol)
    headers = {"x-amzn-requestid": "1"} | ({"x-amzn-errortype": header} if header else {})
    answer = HttpAnswer(400, headers, json.dumps(body).encode())
    theirs = parser.parse(
        {"status_code": 400, "headers": headers, "body": answer.body},
        service.operation_model("SendEmail").output_shape,
    )["Error"]
    ours = single_reply(answer)
    if header or "__type" in body or "code" in body:
        assert ours.code == theirs["Code"]
    if theirs["Message"] and ours.kind is REFUSED:
        assert ours.reason == theirs["Message"]


@pytest.mark.parametrize("code", [403, "403", "blocked", "Forbidden", "UPSTREAM_ERROR"])
@pytest.mark.parametrize("name", ["code", "Code"])
def test_a_gateways_own_code_refuses_nothing_and_promises_nothing(code, name):
    said = json.dumps({name: code, "message": "No."}).encode()
    for status in (400, 403, 404, 500, 503):
        assert single_reply(HttpAnswer(status, {}, said)).kind is UNKNOWN


# bulk calls


def bulk(*results):
    return HttpAnswer(200, {}, json.dumps({"BulkEmailEntryResults": list(results)}).encode())


def test_the_bulk_calls_own_throttle_is_told_from_the_accounts():
    (reply,) = bulk_replies(error(429, "TooManyRequestsException", RATE_TEXT), 1)
    assert reply.hold_back is HoldBack.BULK
    (entry,) = bulk_replies(bulk({"Status": "ACCOUNT_THROTTLED", "Error": RATE_TEXT}), 1)
    assert entry.hold_back is HoldBack.RATE


KNOWN = {
    "SUCCESS": ACCEPTED,
    "MESSAGE_REJECTED": REFUSED,
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": REFUSED,
    "CONFIGURATION_SET_NOT_FOUND": REFUSED,
    "TEMPLATE_NOT_FOUND": REFUSED,
    "INVALID_SENDING_POOL_NAME": REFUSED,
    "INVALID_PARAMETER": REFUSED,
    "ACCOUNT_SUSPENDED": NOT_SENT,
    "ACCOUNT_THROTTLED": NOT_SENT,
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": NOT_SENT,
    "ACCOUNT_SENDING_PAUSED": NOT_SENT,
    "CONFIGURATION_SET_SENDING_PAUSED": NOT_SENT,
    "TRANSIENT_FAILURE": NOT_SENT,
    "FAILED": NOT_SENT,
}


def test_each_status_that_the_api_knows():
    service = botocore.session.get_session().get_service_model("sesv2")
    assert set(service.shape_for("BulkEmailStatus").enum) == set(KNOWN)
    results = [{"Status": status, "MessageId": "m", "Error": "No."} for status in KNOWN]
    assert [reply.kind for reply in bulk_replies(bulk(*results), len(KNOWN))] == list(
        KNOWN.values()
    )


@given(st.text().filter(lambda status: status not in KNOWN and "DOES_NOT_EXIST" not in status))
def test_a_status_that_nobody_knows_leaves_its_mail_in_doubt(status):
    unknown, known = bulk_replies(
        bulk({"Status": status, "Error": "New."}, {"Status": "SUCCESS", "MessageId": "m"}), 2
    )
    assert (unknown.kind, unknown.hold_back) == (UNKNOWN, None)
    assert known.kind is ACCEPTED


@pytest.mark.parametrize(
    "entry", [{}, {"Status": None}, {"Status": "SUCCESS"}, {"Status": "SUCCESS", "MessageId": ""}]
)
def test_an_entry_that_says_too_little_leaves_its_mail_in_doubt(entry):
    assert bulk_replies(bulk(entry), 1)[0].kind is UNKNOWN


@pytest.mark.parametrize("count", [0, 1, 3])
def test_results_that_are_not_as_many_as_the_mails_tell_nothing(count):
    results = [{"Status": "SUCCESS", "MessageId": "m"}] * count
    assert [reply.kind for reply in bulk_replies(bulk(*results), 2)] == [UNKNOWN] * 2


ENTRIES = {
    "MESSAGE_REJECTED": ("MessageRejected", None),
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": ("MailFromDomainNotVerifiedException", None),
    "CONFIGURATION_SET_NOT_FOUND": ("NotFoundException", None),
    "ACCOUNT_THROTTLED": ("TooManyRequestsException", HoldBack.RATE),
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": ("LimitExceededException", HoldBack.QUOTA),
    "ACCOUNT_SENDING_PAUSED": ("SendingPausedException", HoldBack.PAUSED),
    "TRANSIENT_FAILURE": ("InternalServiceErrorException", HoldBack.FAULT),
}


@pytest.mark.parametrize(("said", "reason"), [({"Error": "Why."}, "Why."), ({}, None)])
def test_an_entrys_status_is_told_as_the_code_of_a_single_call(said, reason):
    results = [{"Status": status} | said for status in ENTRIES]
    for status, reply in zip(ENTRIES, bulk_replies(bulk(*results), len(ENTRIES)), strict=True):
        assert (reply.code, reply.hold_back) == ENTRIES[status]
        assert reply.reason == (reason or status)


@pytest.mark.parametrize(
    ("entry", "code", "reason"),
    [
        ({"Status": "NEW", "Error": "Why."}, "NEW", "Why."),
        ({"Status": "NEW"}, "NEW", "NEW"),
        ({"Error": "Why."}, "NoStatus", "Why."),
        ({}, "NoStatus", "No status."),
        ({"Status": "SUCCESS", "Error": "?"}, "NoMessageId", "SES's answer has no message id."),
    ],
)
def test_what_an_entry_leaves_open_is_told_in_its_own_words(entry, code, reason):
    (reply,) = bulk_replies(bulk(entry), 1)
    assert (reply.code, reply.reason) == (code, reason)


def test_an_entrys_message_id_is_kept():
    (reply,) = bulk_replies(bulk({"Status": "SUCCESS", "MessageId": "0100-y"}), 1)
    assert reply.message_id == "0100-y"


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        (
            error(502, "InternalFailure"),
            "InternalFailure",
            "Something other than SES answered 502: Because.",
        ),
        (page(504), "504", "Something other than SES answered 504."),
        (page(429), "429", ""),
        (HttpAnswer(429, {}, b'{"message":"Slowly."}'), "429", "Slowly."),
        (page(407), "407", "The proxy wants a password."),
        (
            HttpAnswer(407, {}, b'{"message":"Squid."}'),
            "407",
            "The proxy wants a password: Squid.",
        ),
        (page(403), "403", "Something other than SES answered 403."),
        (
            HttpAnswer(403, {}, b'{"Message":"Sign in."}'),
            "403",
            "Something other than SES answered 403: Sign in.",
        ),
        (error(400, "MessageRejected", ""), "MessageRejected", "SES refuses this."),
        (
            HttpAnswer(400, {"x-amzn-errortype": "MessageRejected"}, b'{"Message":"No."}'),
            "MessageRejected",
            "No.",
        ),
        (error(400, "MessageRejected", "long " * 200), "MessageRejected", "long " * 100),
        (error(400, "MessageRejected", "two\nlines"), "MessageRejected", "two lines"),
        (
            HttpAnswer(200, {}, b"<html>"),
            "Unreadable",
            "What came for SES's answer (200, no content type) doesn't say what became of the "
            "mail.",
        ),
    ],
)
def test_code_and_reason_are_what_was_said_or_say_what_came(answer, code, reason):
    reply = single_reply(answer)
    assert (reply.code, reply.reason) == (code, reason)


@given(st.integers(200, 599), st.binary(max_size=200), st.text(max_size=20))
def test_whatever_comes_it_is_read_as_something(status, body, code):
    answer = HttpAnswer(status, {"x-amzn-errortype": code, "content-type": code}, body)
    for reply in (single_reply(answer), *bulk_replies(answer, 2)):
        assert reply.reason.isprintable()
        assert reply.code.isprintable()
        assert (reply.kind is NOT_SENT) is (reply.hold_back is not None)
