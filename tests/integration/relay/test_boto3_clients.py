"""boto3 as it is, both APIs, every form of send; and what it makes of the answers."""

import json

import pytest

from sestui.core.delivery.states import DeliveryState, RunState
from sestui.simulator.api.faults import checked_fault
from sestui.store.ledger.in_doubt import InDoubt, Resolution
from tests.support.relay import said, simple, simple_v1
from tests.support.workspaces import until

RAW = (
    b"From: Shop <shop@example.com>\r\nTo: Ada <ada@x.org>,\r\n bob@x.org\r\nCc: cc@x.org\r\n"
    b'Subject: =?utf-8?q?H=C3=A9?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset="x"'
    b"\r\n\r\nbody \xff\r\n"
)
TEMPLATE = {"Subject": "For {{who}}", "Text": "Dear {{who}}", "Html": "<b>{{who}}</b>"}
ENTRIES = [
    {
        "Destination": {"ToAddresses": [f"{who}@x.org"]},
        "ReplacementEmailContent": {
            "ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"who": who})}
        },
    }
    for who in ("ada", "bob", "cy")
]


@pytest.fixture
def v2(relay):
    return relay.client("sesv2")


@pytest.fixture
def v1(relay):
    return relay.client("ses")


@pytest.fixture
def template(v2):
    """A stored template, made through the relay, which passes such calls on."""
    v2.create_email_template(TemplateName="hello", TemplateContent=TEMPLATE)
    return "hello"


def test_a_simple_mail(relay, ses, v2):
    message_id = v2.send_email(**simple("ada@x.org"))["MessageId"]
    [mail] = ses.mails()
    assert mail["message_id"] == message_id
    assert (mail["to"], mail["subject"]) == (("ada@x.org",), "Hello")
    delivery = relay.deliveries()[-1]
    assert (delivery.email, delivery.state) == ("ada@x.org", DeliveryState.ACCEPTED)
    assert delivery.message_id == message_id
    assert mail["tags"]["sestui-delivery"] == str(delivery.id)


def test_a_simple_mail_by_the_old_api(ses, v1):
    message_id = v1.send_email(**simple_v1("ada@x.org", ReplyToAddresses=["r@x.org"]))["MessageId"]
    [mail] = ses.mails()
    assert mail["message_id"] == message_id
    assert (mail["text"], mail["reply_to"]) == ("Hello there", ("r@x.org",))


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_several_recipients_have_a_mail_each(ses, relay, api, v1, v2):
    to = ["Ada <ada@x.org>", "bob@x.org", "cy@x.org"]
    if api == "v2":
        given = simple(*to)
        given["Destination"] |= {"CcAddresses": ["cc@x.org"], "BccAddresses": ["bcc@x.org"]}
        message_id = v2.send_email(**given)["MessageId"]
    else:
        given = simple_v1(*to)
        given["Destination"] |= {"CcAddresses": ["cc@x.org"], "BccAddresses": ["bcc@x.org"]}
        message_id = v1.send_email(**given)["MessageId"]
    relay.until_idle()
    assert ses.to() == [["ada@x.org", "cc@x.org", "bcc@x.org"], ["bob@x.org"], ["cy@x.org"]]
    first = ses.account.mail(message_id)
    assert (first["to"], first["cc"], first["bcc"]) == (
        ("Ada <ada@x.org>",),
        ("cc@x.org",),
        ("bcc@x.org",),
    )
    by_email = {row.email: row for row in relay.deliveries()[-5:]}
    assert {row.state for row in by_email.values()} == {DeliveryState.ACCEPTED}
    assert by_email["bcc@x.org"].message_id == message_id
    assert len({row.message_id for row in by_email.values()}) == 3


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_raw_mail_is_split_byte_for_byte(ses, relay, api, v1, v2):
    if api == "v2":
        v2.send_email(Content={"Raw": {"Data": RAW}})
    else:
        v1.send_raw_email(RawMessage={"Data": RAW}, Destinations=["ada@x.org", "bob@x.org"])
    relay.until_idle()
    sources = {mail["recipients"][0]: mail["raw"] for mail in ses.mails()}
    shown = RAW.decode("utf-8", "replace")
    both = "Ada <ada@x.org>,\r\n bob@x.org"
    assert sources == {
        "ada@x.org": shown.replace(both, "Ada <ada@x.org>"),
        "bob@x.org": shown.replace(both, "bob@x.org"),
    }


def test_dkim_signed_mail_is_passed_whole_and_the_operator_told(ses, relay, v1):
    v1.send_raw_email(RawMessage={"Data": b"DKIM-Signature: v=1; h=to; b=x\r\n" + RAW})
    assert ses.to() == [["ada@x.org", "bob@x.org", "cc@x.org"]]
    assert "DKIM" in relay.said()


def test_templates(ses, v1, v2, template):
    v2.send_email(
        **simple("ada@x.org")
        | {"Content": {"Template": {"TemplateName": template, "TemplateData": '{"who": "Ada"}'}}}
    )
    v2.send_email(
        **simple("bob@x.org")
        | {"Content": {"Template": {"TemplateContent": TEMPLATE, "TemplateData": '{"who": "Bob"}'}}}
    )
    v1.send_templated_email(
        Source="shop@example.com",
        Destination={"ToAddresses": ["cy@x.org"]},
        Template=template,
        TemplateData='{"who": "Cy"}',
    )
    assert [mail["text"] for mail in ses.mails()] == ["Dear Ada", "Dear Bob", "Dear Cy"]


def test_bulk_by_the_new_api(ses, relay, v2, template):
    answer = v2.send_bulk_email(
        FromEmailAddress="shop@example.com",
        DefaultContent={"Template": {"TemplateName": template, "TemplateData": '{"who": "you"}'}},
        BulkEmailEntries=[*ENTRIES, {"Destination": {"ToAddresses": ["d@x.org", "e@x.org"]}}],
    )
    results = answer["BulkEmailEntryResults"]
    assert [result["Status"] for result in results] == ["SUCCESS"] * 4
    assert [ses.account.mail(each["MessageId"])["text"] for each in results] == [
        "Dear ada",
        "Dear bob",
        "Dear cy",
        "Dear you",
    ]
    relay.until_idle()
    assert ["e@x.org"] in ses.to()


def test_bulk_by_the_old_api_says_of_each_what_became_of_it(ses, v1, template):
    ses.account.add_fault(checked_fault("refuse", match="bob@*"))
    answer = v1.send_bulk_templated_email(
        Source="shop@example.com",
        Template=template,
        DefaultTemplateData="{}",
        Destinations=[
            {
                "Destination": each["Destination"],
                "ReplacementTemplateData": '{"who": "x"}',
            }
            for each in ENTRIES
        ],
    )
    assert [each["Status"] for each in answer["Status"]] == [
        "Success",
        "MessageRejected",
        "Success",
    ]
    assert ses.account.mail(answer["Status"][2]["MessageId"])["recipients"] == ["cy@x.org"]


# what goes wrong


@pytest.mark.parametrize(
    ("fault", "v2_said", "v1_said"),
    [
        ("throttle", (429, "TooManyRequestsException"), (400, "Throttling")),
        ("daily_quota", (400, "LimitExceededException"), (400, "Throttling")),
        ("refuse", (400, "MessageRejected"), (400, "MessageRejected")),
        (
            "sending_paused",
            (400, "SendingPausedException"),
            (400, "AccountSendingPausedException"),
        ),
        ("error_503", (503, "ServiceUnavailable"), (503, "ServiceUnavailable")),
    ],
)
def test_seses_errors_are_the_clients(relay, ses, v1, v2, fault, v2_said, v1_said):
    ses.account.add_fault(checked_fault(fault, count=2))
    with pytest.raises(v2.exceptions.ClientError) as by_v2:
        v2.send_email(**simple("ada@x.org", "bob@x.org"))
    with pytest.raises(v1.exceptions.ClientError) as by_v1:
        v1.send_email(**simple_v1("ada@x.org", "bob@x.org"))
    assert (said(by_v2.value), said(by_v1.value)) == (v2_said, v1_said)
    if v2_said[1] in dir(v2.exceptions):
        assert isinstance(by_v2.value, getattr(v2.exceptions, v2_said[1]))
    assert relay.run().state == RunState.FINISHED
    assert ses.to() == []  # not even those who would have come later
    ses.account.clear_faults()
    v2.send_email(**simple("ada@x.org"))


def test_a_missing_template_has_each_apis_own_error(v1, v2):
    with pytest.raises(v2.exceptions.NotFoundException):
        v2.send_email(**simple("ada@x.org") | {"Content": {"Template": {"TemplateName": "none"}}})
    with pytest.raises(v1.exceptions.TemplateDoesNotExistException):
        v1.send_templated_email(
            Source="shop@example.com",
            Destination={"ToAddresses": ["a@x.org"]},
            Template="none",
            TemplateData="{}",
        )


def taken(client):
    """Whether the relay takes a mail."""
    try:
        client.send_email(**simple("next@x.org"))
    except client.exceptions.TooManyRequestsException:
        return False
    return True


@pytest.fixture
def brake(v2):
    """After an answer that tells nothing, the relay takes no mail for a moment."""
    yield
    until(lambda: taken(v2))


@pytest.mark.usefixtures("brake")
def test_a_lost_answer_is_a_success_in_doubt(relay, ses, v2):
    ses.account.add_fault(checked_fault("reset_after", count=1))
    message_id = v2.send_email(**simple("ada@x.org", "bob@x.org"))["MessageId"]
    assert message_id.startswith("sestui-relay-")
    until(lambda: len(ses.to()) == 2)
    states = {row.email: row.state for row in relay.deliveries()[-2:]}
    assert states["ada@x.org"] == DeliveryState.IN_DOUBT
    assert relay.run().in_doubt == 1


@pytest.mark.usefixtures("brake")
def test_what_is_in_doubt_is_sent_again_to_each_alone_if_the_operator_says_so(relay, ses, v2):
    ses.account.add_fault(checked_fault("truncated", count=1))
    given = simple("again@x.org")
    given["Destination"]["CcAddresses"] = ["rider@x.org"]
    v2.send_email(**given)
    doubts = InDoubt(relay.runtime.database)
    emails = ["again@x.org", "rider@x.org"]
    assert doubts.resolve(relay.run().id, Resolution.RESEND, emails) == 2
    relay.until_idle()
    assert ses.to() == [["again@x.org"], ["again@x.org", "rider@x.org"], ["rider@x.org"]]
    [alone] = [mail for mail in ses.mails() if mail["recipients"] == ["rider@x.org"]]
    assert (alone["to"], alone["cc"]) == ((), ("rider@x.org",))


def test_what_is_malformed_is_refused_before_anything_is_taken(relay, v1, v2):
    before = len(relay.deliveries())
    with pytest.raises(v2.exceptions.BadRequestException):
        v2.send_email(**simple("no address"))
    with pytest.raises(v1.exceptions.ClientError) as caught:
        v1.send_email(**simple_v1(*[f"r{number}@x.org" for number in range(51)]))
    assert said(caught.value) == (400, "InvalidParameterValue")
    assert len(relay.deliveries()) == before


# other calls


def test_other_calls_pass_with_their_answers_and_errors(ses, v2):
    ses.account.configure(rate=77)
    assert v2.get_account()["SendQuota"]["MaxSendRate"] == 77
    v2.create_email_identity(EmailIdentity="new+one@example.com")
    found = v2.get_email_identity(EmailIdentity="new+one@example.com")
    assert found["VerifiedForSendingStatus"]
    assert v2.list_email_identities(PageSize=5)["EmailIdentities"]
    with pytest.raises(v2.exceptions.AlreadyExistsException):
        v2.create_email_identity(EmailIdentity="new+one@example.com")
    with pytest.raises(v2.exceptions.NotFoundException):
        v2.get_email_identity(EmailIdentity="ä b/c%25@example.com")


def test_figures_tell_of_what_went_through(relay, v2):
    v2.send_email(**simple("ada@x.org"))
    text = relay.figures()
    assert 'sestui_relay_requests_total{action="send",api="v2",status="200"}' in text
    assert 'sestui_relay_mails_total{outcome="accepted"}' in text
    assert "sestui_relay_queue_depth 0.0" in text
