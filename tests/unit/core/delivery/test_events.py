"""What a delivery's events add up to."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.delivery.events import (
    EventKind,
    MailEvent,
    RefusalReason,
    facts_of,
    refusal_of,
)

BOUNCES = [
    ("Undetermined", "Undetermined"), ("Permanent", "General"), ("Permanent", "NoEmail"),
    ("Permanent", "Suppressed"), ("Permanent", "OnAccountSuppressionList"),
    ("Permanent", "OnTenantSuppressionList"), ("Permanent", "EmailValidationSuppressed"),
    ("Permanent", "UnsubscribedRecipient"), ("Transient", "General"),
    ("Transient", "MailboxFull"), ("Transient", "MessageTooLarge"),
    ("Transient", "ContentRejected"), ("Transient", "AttachmentRejected"),
    ("Transient", "CustomTimeoutExceeded"),
]  # fmt: skip


def bounce(kind="Permanent", sub_type="NoEmail", detail="", at=5.0):
    return MailEvent(EventKind.BOUNCE, at, kind, sub_type, detail)


def of(kind, at=1.0, **more):
    return MailEvent(EventKind(kind), at, **more)


events = st.builds(
    MailEvent,
    kind=st.sampled_from(list(EventKind)),
    at=st.floats(0, 100, allow_nan=False),
    type=st.sampled_from(["", "Permanent", "Transient", "abuse", "not-spam"]),
    sub_type=st.sampled_from(["", "General", "NoEmail", "MailboxFull"]),
    detail=st.sampled_from(["", "550", "https://x.example"]),
    by_machine=st.booleans(),
)


@given(given=st.lists(events, max_size=5), accepted_at=st.none() | st.just(0.0))
def test_neither_order_nor_repetition_matters(given, accepted_at):
    expected = facts_of(given, accepted_at)
    for order in permutations(given):
        assert facts_of(order, accepted_at) == expected
    assert facts_of([*given, *given], accepted_at) == expected


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ([], None),
        ([of("Send"), of("Open"), of("Subscription")], None),
        ([of("DeliveryDelay")], "delayed"),
        ([of("DeliveryDelay"), of("Delivery")], "delivered"),
        ([of("Delivery"), bounce()], "bounced"),
        ([of("Delivery"), bounce("Transient", "MailboxFull")], "bounced"),
        ([of("Delivery"), bounce("Transient", "General")], "delivered"),
        ([bounce("Transient", "General")], None),
        ([bounce("Transient", "General", "smtp; 421 try again")], "bounced"),
        ([of("Delivery"), bounce("Transient", "General", "smtp; 421 try again")], "delivered"),
        ([bounce("Undetermined", "Undetermined")], "bounced"),
        ([of("Delivery"), of("Complaint", type="abuse")], "complained"),
        ([bounce(), of("Complaint", type="abuse")], "complained"),
        ([of("Delivery"), of("Complaint", type="not-spam")], "delivered"),
        ([of("Delivery"), of("Complaint", type="Not-Spam")], "delivered"),
        ([of("Send"), of("Complaint", sub_type="OnAccountSuppressionList")], "bounced"),
        ([of("Send"), of("Reject")], "rejected"),
        ([of("Rendering Failure")], "not_rendered"),
    ],
)
def test_the_outcome(given, outcome):
    reported = facts_of(given, 0.0).reported
    assert (reported.outcome if reported else None) == outcome


def test_a_complaint_of_an_earlier_mail_is_told_as_a_suppressed_bounce():
    complaint = of("Complaint", sub_type="OnAccountSuppressionList")
    reported = facts_of([complaint], 0.0).reported
    assert reported.code == "Permanent/OnAccountSuppressionList"
    assert refusal_of(complaint) is RefusalReason.COMPLAINED


def test_of_two_bounces_the_first_tells_when():
    reported = facts_of([bounce(at=9.0), bounce(at=3.0)], 0.0).reported
    assert (reported.at, reported.code) == (3.0, "Permanent/NoEmail")


def test_machines_open_and_click_nothing():
    facts = facts_of([of("Open", by_machine=True), of("Click", 99.0, by_machine=True)], 0.0)
    assert (facts.opened_at, facts.clicked_at) == (None, None)


def test_who_clicks_has_opened():
    facts = facts_of([of("Click", 99.0), of("Open", 120.0)], 0.0)
    assert (facts.opened_at, facts.clicked_at) == (99.0, 99.0)


def test_a_click_right_after_the_delivery_is_a_scanners():
    late = [of("Delivery", 3_600.0), of("Click", 3_603.0)]
    assert facts_of(late, 0.0).clicked_at is None
    assert facts_of([of("Delivery", 10.0), of("Click", 3_603.0)], 0.0).clicked_at == 3_603.0
    assert facts_of([of("Click", 4.0)], 0.0).clicked_at is None  # while no delivery is reported


@pytest.mark.parametrize(("kind", "sub_type"), BOUNCES)
def test_only_permanent_bounces_refuse(kind, sub_type):
    refusal = refusal_of(bounce(kind, sub_type))
    if kind != "Permanent":
        assert refusal is None
    elif sub_type == "UnsubscribedRecipient":
        assert refusal is RefusalReason.UNSUBSCRIBED
    else:
        assert refusal is RefusalReason.BOUNCED


def test_complaints_refuse_unless_somebody_took_a_mail_out_of_the_spam():
    assert refusal_of(of("Complaint", type="abuse")) is RefusalReason.COMPLAINED
    assert refusal_of(of("Complaint")) is RefusalReason.COMPLAINED
    assert refusal_of(of("Complaint", type="not-spam")) is None
    assert refusal_of(of("Complaint", type="NOT-SPAM")) is None
    assert refusal_of(of("Subscription", unsubscribes=True)) is RefusalReason.UNSUBSCRIBED
    assert refusal_of(of("Subscription")) is None
    assert refusal_of(of("Open")) is None
