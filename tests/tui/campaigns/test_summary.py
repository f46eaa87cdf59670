"""The end of a run in words: shares as Home has them, and what follows from bounces."""

from dataclasses import replace

import pytest

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import SkipReason, skip_words
from sestui.reports.overview import RunView
from sestui.store.ledger.troubles import Trouble
from sestui.tui.campaigns.service import RunSnapshot
from sestui.tui.campaigns.summary import _next, reactions, refused_parts, summary_text

COUNTS = RunCounts(accepted=1_000, rejected=10, delivered=950, bounced=50, complained=2)
RUN = RunView(1, "news", 1, "campaign", "finished", "", "", None, 0.0, 9.0, COUNTS)


def snapshot(*by_code, counts=COUNTS):
    troubles = tuple(Trouble("bounced", code, "", count) for code, count in by_code)
    return RunSnapshot(0.0, replace(RUN, counts=counts), None, None, None, None, troubles=troubles)


@pytest.mark.parametrize(
    ("codes", "offered"),
    [
        ([("unsubscribed", 4), ("suppressed", 3)], False),
        ([("unsubscribed", 4), ("paused", 3)], True),
        ([("unrenderable", 7)], True),
        ([], True),  # not known: they are not among the newest
    ],
)
def test_a_follow_up_is_offered_for_whom_it_may_reach(codes, offered):
    skipped = tuple(Trouble("skipped", code, "", count) for code, count in codes)
    counts = RunCounts(accepted=40, skipped=7)
    given = replace(snapshot(counts=counts), troubles=skipped)
    said = " · ".join(_next(given, ""))
    assert ("f follows up on those it did not reach" in said) is offered


@pytest.mark.parametrize("reason", SkipReason)
def test_every_reason_to_skip_somebody_has_words(reason):
    assert skip_words(reason.value) == reason.words


def text(given):
    return summary_text(given, lambda first, last: ("9:00", "9:01"))


def test_hard_bounces_have_the_share_that_home_says():
    mixed = snapshot(("Permanent/NoEmail", 40), ("Transient/MailboxFull", 10))
    assert "50 bounced (5.0 %; hard bounces 4.0 %), 2 complained (0.21 %)" in text(mixed)
    assert "50 bounced (5.0 %)," in text(snapshot(("Permanent/NoEmail", 50)))
    assert "50 bounced (5.0 %)," in text(snapshot(("Permanent/NoEmail", 7)))  # of the newest


@pytest.mark.parametrize(
    ("by_code", "soft_bounces", "said"),
    [
        (
            [("Permanent/NoEmail", 30), ("Permanent/General", 10), ("Transient/MailboxFull", 10)],
            5,
            ["Bounces: 40 suppressed", "10 soft (an address is suppressed after 5 in a row)"],
        ),
        ([("Transient/General", 50)], 0, ["Bounces: 50 soft (mailed again)"]),
        ([("Transient/ContentRejected", 50)], 5, ["Bounces: 50 because of the message"]),
        ([("Permanent/NoEmail", 7)], 5, ["Newest bounces: 7 suppressed"]),
        ([], 5, []),
    ],
)
def test_what_follows_for_those_whose_mail_came_back(by_code, soft_bounces, said):
    parts = refused_parts(snapshot(*by_code), soft_bounces)
    assert parts == [*said, "2 reported it as spam, now suppressed"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"opened": 400, "clicked": 20}, "400 opened, 20 clicked; `sestui campaign report news`"),
        ({}, "No opens or clicks yet"),
        ({"counts": RunCounts(accepted=9)}, "Opens and clicks are not recorded until SES"),
    ],
)
def test_opens_and_clicks_are_told_or_why_nobody_knows(changed, said):
    given = snapshot()
    assert reactions(replace(given, run=replace(given.run, **changed))).startswith(said)
    test = replace(given, run=replace(given.run, kind="test"))
    assert not reactions(test)
