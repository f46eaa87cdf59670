"""Values that both APIs share: bulk statuses against single errors, blobs, tags."""

import base64

import botocore.session
import pytest

from sestui.ses_api import wire
from sestui.ses_api.wire import BulkStatus, EntryResult, ServiceError
from sestui.ses_api.wire_parsing import send_email_of

MODEL = botocore.session.get_session().get_service_model("sesv2")

SENTENCES = {
    BulkStatus.CONFIGURATION_SET_NOT_FOUND: "Configuration set <x> does not exist.",
    BulkStatus.CONFIGURATION_SET_SENDING_PAUSED: "Sending is paused for configuration set <x>.",
    BulkStatus.TEMPLATE_NOT_FOUND: "Template x does not exist.",
    BulkStatus.INVALID_SENDING_POOL_NAME: "Invalid sending pool name.",
}


def test_the_statuses_are_sess_own():
    assert [each.value for each in BulkStatus] == MODEL.shape_for("BulkEmailStatus").enum


@pytest.mark.parametrize("status", sorted(set(BulkStatus) - {BulkStatus.SUCCESS}))
def test_an_entrys_status_and_a_single_sends_error_say_the_same(status):
    result = EntryResult(status, error=SENTENCES.get(status, "Why."))
    error = result.as_error()
    assert error.text == result.error
    again = EntryResult.of_error(error)
    if status is BulkStatus.FAILED:  # SES says no more of it than of one that may pass
        assert again.status is BulkStatus.TRANSIENT_FAILURE
    else:
        assert again == result


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (wire.rate_exceeded(), BulkStatus.ACCOUNT_THROTTLED),
        (wire.quota_exceeded(), BulkStatus.ACCOUNT_DAILY_QUOTA_EXCEEDED),
        (wire.sending_paused(), BulkStatus.ACCOUNT_SENDING_PAUSED),
        (wire.bad_request("No."), BulkStatus.INVALID_PARAMETER),
        (ServiceError(400, "SerializationException", "No."), BulkStatus.INVALID_PARAMETER),
        (ServiceError(503, "ServiceUnavailable", "Later."), BulkStatus.TRANSIENT_FAILURE),
        (ServiceError(403, "AccessDeniedException", "No."), BulkStatus.MESSAGE_REJECTED),
    ],
)
def test_each_error_has_its_status(error, status):
    assert EntryResult.of_error(error) == EntryResult(status, error=error.text)


# blobs

MIME = b"From: s@x.org\r\nTo: a@x.org\r\n\r\n" + bytes(range(256))


def raw(data):
    return send_email_of({"Content": {"Raw": {"Data": data}}}).content.data


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_base64_may_have_line_breaks(line_end):
    assert raw(base64.encodebytes(MIME).decode().replace("\n", line_end)) == MIME


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda text: text.replace("+", " "),  # a form whose plus was not escaped
        lambda text: text[:-3],
        lambda text: text[:8] + "-" + text[9:],
        lambda text: text + "é",
    ],
)
def test_what_is_no_base64_is_refused(spoiled):
    written = base64.b64encode(MIME).decode()
    assert "+" in written
    with pytest.raises(ServiceError, match="base64"):
        raw(spoiled(written))


# tags


def tagged(name, value):
    return send_email_of(
        {
            "FromEmailAddress": "s@x.org",
            "Destination": {"ToAddresses": ["a@x.org"]},
            "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
            "EmailTags": [{"Name": name, "Value": value}],
        }
    ).tags


@pytest.mark.parametrize("letter", "abcd")
def test_sess_own_feedback_tags_are_taken(letter):
    assert tagged(f"ses:feedback-id-{letter}", "news") == ((f"ses:feedback-id-{letter}", "news"),)


@pytest.mark.parametrize(
    "name", ["ses:source-ip", "ses:feedback-id-", "ses:feedback-id-ab", "a:b", "", "é", "a" * 257]
)
def test_a_bad_name_is_called_the_name(name):
    with pytest.raises(ServiceError, match="tag name") as caught:
        tagged(name, "value")
    assert "value" not in caught.value.text


@pytest.mark.parametrize("value", ["", "a b", "secret@x.org", "v" * 257])
def test_a_bad_value_is_called_the_value(value):
    with pytest.raises(ServiceError, match="value of the tag kind") as caught:
        tagged("kind", value)
    assert not value or value not in caught.value.text
