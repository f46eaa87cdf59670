"""SES's events, however they are wrapped and whatever is in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.events import EventKind
from sestui.ses_api.events import EventFormatError, NotAnEventError, parse_event
from tests.support.ses_events import (
    TOPIC,
    feedback,
    ses_event,
    through_event_bridge,
    through_sns,
)

KINDS = [each.value for each in EventKind]


def parsed(event):
    return parse_event(json.dumps(event))


def wrappings(event):
    yield event
    yield through_sns(event)
    yield through_sns(event, as_object=True)
    yield through_event_bridge(event)
    yield through_sns(through_event_bridge(event))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_the_same_in_every_wrapper(kind):
    found = [parsed(each) for each in wrappings(ses_event(kind, run=3, delivery=17))]
    assert {each.kind for each in found} == {kind}
    assert {each.identity for each in found} == {found[0].identity}
    assert found[0].message_id == "m1"
    assert found[0].destination == ("ada@example.com",)
    assert [each.address for each in found[0].recipients] == ["ada@example.com"]
    assert found[0].tags["sestui-delivery"] == "17"
    assert found[0].mailed_at == 1_790_000_000.0


@pytest.mark.parametrize("kind", ["Delivery", "Bounce", "Complaint"])
def test_feedback_of_an_identity_tells_the_same_without_tags(kind):
    published, fed_back = (
        parsed(ses_event(kind, run=3, delivery=17)),
        parsed(feedback(ses_event(kind, run=3, delivery=17))),
    )
    assert fed_back.identity == published.identity
    assert (fed_back.type, fed_back.sub_type) == (published.type, published.sub_type)
    assert not fed_back.tags


def test_what_a_bounce_says():
    event = parsed(ses_event("Bounce"))
    assert (event.type, event.sub_type) == ("Permanent", "NoEmail")
    assert event.recipients[0].diagnostic == "smtp; 550 5.1.1 user unknown"
    assert event.occurred_at == 1_790_000_001.0


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("Bounce", ("permanent", "noemail"), ("Permanent", "NoEmail")),
        ("Bounce", ("PERMANENT", "NO_EMAIL"), ("Permanent", "NoEmail")),
        ("Bounce", (" Permanent ", "OnAccountSuppressionList\t"),
         ("Permanent", "OnAccountSuppressionList")),
        ("Bounce", ("Transient", "mailbox full"), ("Transient", "MailboxFull")),
        ("Bounce", ("Transient", "Something New "), ("Transient", "Something New")),
        ("Bounce", (None, ["odd"]), ("", "")),
        ("Complaint", ("Not_Spam\n", None), ("not-spam", "")),
        ("Complaint", ("ABUSE", "onaccountsuppressionlist"), ("abuse", "OnAccountSuppressionList")),
    ],
)  # fmt: skip
def test_the_words_of_ses_count_however_they_are_written(kind, written, read):
    names = {
        "Bounce": ("bounceType", "bounceSubType"),
        "Complaint": ("complaintFeedbackType", "complaintSubType"),
    }[kind]
    event = parsed(ses_event(kind, **dict(zip(names, written, strict=True))))
    assert (event.type, event.sub_type) == read


def test_a_complaint_may_name_everybody_at_a_domain():
    people = [{"emailAddress": f"{name}@example.com"} for name in ("ada", "bob", "cy")]
    event = parsed(ses_event("Complaint", complainedRecipients=people))
    assert len(event.recipients) == 3
    assert event.destination == ("ada@example.com",)


@pytest.mark.parametrize("all_of_it", [True, False])
def test_only_who_leaves_the_whole_list_unsubscribes(all_of_it):
    preferences = {"unsubscribeAll": all_of_it, "topicSubscriptionStatus": []}
    event = parsed(ses_event("Subscription", newTopicPreferences=preferences))
    assert event.unsubscribes is all_of_it


def of_the_account(news):
    """What EventBridge carries from SES besides events of mails."""
    detail = {"version": "1.0.0", "data": {"status": "x", "accountId": "123456789012"}}
    return {"version": "0", "source": "aws.ses", "detail-type": news, "detail": detail}


@pytest.mark.parametrize(
    ("topic", "left"), [("news", True), ("offers", False), ("", False), (None, False)]
)
def test_who_leaves_the_mails_own_topic_unsubscribes(topic, left):
    statuses = [
        {"topicName": "news", "subscriptionStatus": "OptOut"},
        {"topicName": "offers", "subscriptionStatus": "OptIn"},
        {"topicName": ["odd"], "subscriptionStatus": None},
        "odd",
    ]
    preferences = {"unsubscribeAll": False, "topicSubscriptionStatus": statuses}
    given = ses_event("Subscription", newTopicPreferences=preferences)
    if topic is not None:
        given["mail"]["tags"]["sestui-topic"] = [topic]
    assert parsed(given).unsubscribes is left


@pytest.mark.parametrize(
    "text",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        json.dumps({"Type": "SubscriptionConfirmation", "Message": "…", "TopicArn": TOPIC}),
        json.dumps(through_sns({"notificationType": "AmazonSnsSubscriptionSucceeded"})),
        json.dumps(of_the_account("Sending Status Disabled")),
        json.dumps(through_sns(of_the_account("Advisor Recommendation Status Open"))),
    ],
)
def test_greetings_of_aws_are_no_events(text):
    with pytest.raises(NotAnEventError):
        parse_event(text)


def without(event, *path):
    *way, last = path
    inner = event
    for name in way:
        inner = inner[name]
    del inner[last]
    return event


def put(event, value, *path):
    *way, last = path
    inner = event
    for name in way:
        inner = inner[name]
    inner[last] = value
    return event


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"Bounce"',
        "{}",
        "[" * 100_000,
        "1" * 10_000,
        json.dumps({"Message": {"Message": {"Message": {"Message": {}}}}}),
        json.dumps(through_sns({"hello": 1})),
        json.dumps(put(put(ses_event("Bounce"), {}, "delivery"), "Bounced", "eventType")),
        json.dumps(without(put(ses_event("Bounce"), ["Bounce"], "eventType"), "bounce")),
        json.dumps(put(ses_event("Bounce"), "x", "mail")),
        json.dumps(put(ses_event("Bounce"), 7, "mail", "messageId")),
        json.dumps(put(ses_event("Bounce"), "yesterday", "mail", "timestamp")),
        json.dumps(put(ses_event("Bounce"), "0001-01-01T00:00:00Z", "mail", "timestamp")),
        json.dumps(put(ses_event("Bounce"), "9999-12-31T23:59:59Z", "bounce", "timestamp")),
        json.dumps(without(ses_event("Bounce"), "bounce")),
        json.dumps(without(ses_event("Complaint"), "complaint")),
        json.dumps(without(ses_event("Delivery"), "mail", "timestamp")),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_event_is_said_to_be_none_in_a_sentence(text):
    with pytest.raises(EventFormatError) as raised:
        parse_event(text)
    assert str(raised.value).endswith(".")


def test_a_stand_in_that_names_all_kinds_is_understood_by_what_is_told():
    event = parsed(put(ses_event("Bounce"), "Bounce, Complaint, or Delivery.", "eventType"))
    assert event.kind is EventKind.BOUNCE


NAMED = [
    "Ada <ada@example.com>",
    '"Lovelace, Ada" <ada@example.com>',
    '"Ada <3" <ada@example.com> ',
    "=?UTF-8?Q?Ad=C3=A4?= <ada@example.com>",
    "<ada@example.com>",
]


@pytest.mark.parametrize("written", NAMED)
def test_an_address_is_bare_whatever_name_its_mail_gave_it(written):
    event = ses_event("Bounce", bouncedRecipients=[{"emailAddress": written}])
    bounce = parsed(put(event, [written], "mail", "destination"))
    assert bounce.destination == ("ada@example.com",)
    assert [each.address for each in bounce.recipients] == ["ada@example.com"]
    delivery = parsed(put(ses_event("Delivery"), [written], "delivery", "recipients"))
    assert [each.address for each in delivery.recipients] == ["ada@example.com"]


@pytest.mark.parametrize(
    "address", ['"a<b>"@example.com', '"<a@b>"@example.com', "a<b@c>d@example.com", "<>", "Ada <>"]
)
def test_angles_that_hold_no_address_stay(address):
    event = ses_event("Bounce", bouncedRecipients=[{"emailAddress": address}])
    assert [each.address for each in parsed(event).recipients] == [address]


def test_a_byte_order_mark_is_no_part_of_an_event():
    text = json.dumps(ses_event("Bounce"))
    for marked in ("\ufeff" + text, text.encode("utf-8-sig"), text.encode("utf-16")):
        assert parse_event(marked).identity == parse_event(text).identity


@pytest.mark.parametrize(
    "written",
    ["2026-09-21T15:33:25Z", "2026-09-21T15:33:25.0Z", "2026-09-21T15:33:25.000000000Z",
     "2026-09-21T15:33:25 +0000", "2026-09-21T17:33:25+02:00", "2026-09-21T15:33:25",
     "2026-09-21 15:33:25", "2026-09-21 15:33:25 +0000"],
)  # fmt: skip
def test_times_are_read_with_and_without_fractions_and_zones(written):
    event = parsed(put(ses_event("Bounce"), written, "bounce", "timestamp"))
    assert event.occurred_at == 1_790_004_805.0


@pytest.mark.long
@pytest.mark.ci
def test_long_and_unstorable_texts_are_clipped_and_cleaned():
    long = "x" * 1_000_000
    event = parsed(
        ses_event(
            "Bounce",
            bouncedRecipients=[{"emailAddress": "a\0b\ud800@x", "diagnosticCode": long}] * 1_000,
        )
    )
    assert len(event.recipients) <= 100
    assert len(event.recipients[0].diagnostic) <= 1_000
    assert "\0" not in event.recipients[0].address
    assert event.recipients[0].address.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
PLACES = [
    ("eventType",), ("mail",), ("mail", "messageId"), ("mail", "timestamp"),
    ("mail", "destination"), ("mail", "tags"), ("mail", "tags", "sestui-run"), ("bounce",),
    ("bounce", "bouncedRecipients"), ("bounce", "bounceType"), ("bounce", "timestamp"),
    ("bounce", "feedbackId"),
]  # fmt: skip


@given(place=st.sampled_from(PLACES), value=JSON)
def test_anything_anywhere_is_read_or_refused_with_a_sentence(place, value):
    event = put(ses_event("Bounce", run=1, delivery=2), value, *place)
    try:
        found = parsed(event)
    except EventFormatError:
        return
    assert found.identity.encode()
