"""Bounces in words, and what follows from them."""

import pytest

from sestui.core.delivery.bounces import (
    BounceEffect,
    bounce_effects,
    bounce_reason,
    outcome_reason,
    what_follows,
)
from sestui.core.delivery.events import EventKind, MailEvent, RefusalReason, refusal_of


@pytest.mark.parametrize(
    ("outcome", "code", "diagnostic", "said"),
    [
        (
            "bounced",
            "Permanent/NoEmail",
            "550 no such user",
            "the address doesn't exist (Permanent/NoEmail): 550 no such user",
        ),
        ("bounced", "Permanent/NoEmail", "", "the address doesn't exist (Permanent/NoEmail)"),
        ("bounced", "Undetermined/Undetermined", "x", "Undetermined/Undetermined: x"),
        ("bounced", "", "", ""),
        ("delayed", "MailboxFull", "452 full", "MailboxFull: 452 full"),
        ("delivered", "", "250 ok", ""),
        ("complained", "abuse", "", "abuse"),
        ("", "", "", ""),
    ],
)
def test_why_it_did_not_arrive(outcome, code, diagnostic, said):
    assert outcome_reason(outcome, code, diagnostic) == said


def test_what_follows_is_what_is_done_to_the_address():
    codes = ["Permanent/NoEmail", "Permanent/UnsubscribedRecipient", "Transient/MailboxFull"]
    codes += ["Transient/ContentRejected", "Undetermined/", ""]
    found = bounce_effects((code, 1) for code in codes)
    assert found == {
        BounceEffect.SUPPRESSED: 1,
        BounceEffect.UNSUBSCRIBED: 1,
        BounceEffect.SOFT: 3,
        BounceEffect.MESSAGE: 1,
    }
    kind, _, sub_type = codes[0].partition("/")
    event = MailEvent(EventKind.BOUNCE, 1.0, type=kind, sub_type=sub_type)
    assert refusal_of(event) is RefusalReason.BOUNCED
    assert [what_follows("bounced", code) for code in codes] == [
        *("suppressed", "unsubscribed", "soft bounce", "the address stays"),
        *("soft bounce", "soft bounce"),
    ]
    assert what_follows("complained", "abuse") == "reported as spam, now suppressed"
    assert not what_follows("delivered", "")
    assert bounce_reason("Permanent/NoEmail") == "the address doesn't exist"
