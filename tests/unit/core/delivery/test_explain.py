from dataclasses import replace

import pytest

from sestui.core.delivery.explain import (
    DeliveryFacts,
    ExplainedContact,
    RunFacts,
    Suppressed,
    explain,
    explain_absence,
)
from sestui.core.delivery.states import ContactStatus, DeliveryState, RunState

S, R = DeliveryState, RunState
ADA = ExplainedContact(ContactStatus.ACTIVE, joined={"news": 5.0})
GOING = RunFacts(R.SENDING, created_at=10, lists=("news",), at_most="2 per week")


def say(instant):
    return f"at {instant:g}"


@pytest.mark.parametrize(
    ("delivery", "told"),
    [
        (DeliveryFacts(S.ACCEPTED, sent_at=7), "SES accepted it at 7; nothing more was reported."),
        (
            DeliveryFacts(S.ACCEPTED, sent_at=7, outcome="bounced", outcome_at=9),
            "SES accepted it at 7, and it bounced at 9: their mail server sent it back.",
        ),
        (
            DeliveryFacts(S.ACCEPTED, sent_at=7, outcome="complained", outcome_at=9),
            "the recipient reported it as spam at 9.",
        ),
        (DeliveryFacts(S.ACCEPTED, sent_at=7, outcome="eaten", outcome_at=9), "and eaten at 9."),
        (
            DeliveryFacts(
                S.ACCEPTED,
                sent_at=7,
                outcome="bounced",
                outcome_at=9,
                outcome_code="Permanent/NoEmail",
                diagnostic="smtp; 550 5.1.1\x1b[31m unknown",
            ),
            "it bounced at 9: the address doesn't exist (Permanent/NoEmail). The answer was: "
            "“smtp; 550 5.1.1\\x1b[31m unknown”.",
        ),
        (
            DeliveryFacts(
                S.ACCEPTED, sent_at=7, outcome="bounced", outcome_at=9, outcome_code="Permanent/New"
            ),
            "it bounced at 9: their mail server sent it back (Permanent/New).",
        ),
        (
            DeliveryFacts(
                S.ACCEPTED,
                sent_at=7,
                outcome="delayed",
                outcome_at=9,
                outcome_code="MailboxFull",
                diagnostic="452 " + "x" * 400,
            ),
            "their mail server put it off at 9; SES goes on trying (MailboxFull). The answer was: "
            f"“452 {'x' * 295}…”.",
        ),
        (
            DeliveryFacts(
                S.ACCEPTED,
                sent_at=7,
                outcome="delivered",
                outcome_at=9,
                opened_at=10,
                clicked_at=11,
            ),
            "They followed a link in it at 11.",
        ),
        (
            DeliveryFacts(S.ACCEPTED, sent_at=7, outcome="delivered", outcome_at=9, opened_at=10),
            "They opened it at 10.",
        ),
        (
            DeliveryFacts(S.ACCEPTED, sent_at=7, outcome="rejected", outcome_at=9),
            "SES accepted it at 7, and found a virus in it at 9: it was not sent.",
        ),
        (DeliveryFacts(S.ACCEPTED, code="AssumedSent", claimed_at=6), "It may not have arrived."),
        (
            DeliveryFacts(S.REJECTED, "MessageRejected", "Not verified", claimed_at=6),
            "SES refused it at 6: MessageRejected: Not verified. A follow-up to those who failed",
        ),
        (
            DeliveryFacts(S.IN_DOUBT, "WorkerDied", "The process ended.", claimed_at=6),
            "In doubt since it was handed to SES at 6: The process ended. It may have arrived, so",
        ),
        (DeliveryFacts(S.SENDING, claimed_at=6), "taken up at 6 and is on its way to SES"),
        (DeliveryFacts(S.PENDING), "the run is sending, and their turn has not come yet."),
        (
            DeliveryFacts(S.PENDING, "Throttling", "Slow down", attempts=3, not_before=20),
            "SES has not taken it yet: the last answer was Throttling: Slow down. The next "
            "try comes at 20.",
        ),
        (
            DeliveryFacts(S.PENDING, attempts=1),
            "SES has not taken it yet. The next try comes with their turn.",
        ),
        (
            DeliveryFacts(S.SKIPPED, "suppressed"),
            "was suppressed when their turn came; it no longer is",
        ),
        (DeliveryFacts(S.SKIPPED, "unsubscribed"), "they no longer have."),
        (DeliveryFacts(S.SKIPPED, "invalid"), "was marked invalid when their turn came"),
        (DeliveryFacts(S.SKIPPED, "left_segment"), "no longer in the campaign's segment when the"),
        (DeliveryFacts(S.SKIPPED, "at_most"), "as much as the campaign's at_most (2 per week) all"),
        (
            DeliveryFacts(S.SKIPPED, "holdout"),
            "they are held out: the campaign keeps",
        ),
        (DeliveryFacts(S.SKIPPED, "odd", "Some reason"), "Skipped: odd: Some reason."),
        (DeliveryFacts(S.SKIPPED), "Skipped: no reason given."),
    ],
)
def test_each_state_says_why(delivery, told):
    assert told in explain(delivery, GOING, ADA, say)


@pytest.mark.parametrize(
    ("recipient", "code", "told"),
    [
        (ExplainedContact(suppressed=Suppressed(3, "bounce: 550 no such user")), "suppressed",
         "the address was suppressed at 3 (bounce: 550 no such user)."),
        (ExplainedContact(ContactStatus.UNSUBSCRIBED, "asked by phone"), "unsubscribed",
         "they have unsubscribed (asked by phone)."),
        (ExplainedContact(ContactStatus.INVALID), "invalid", "the address is invalid."),
    ],
)  # fmt: skip
def test_what_keeps_them_from_mail_is_told_before_and_after(recipient, code, told):
    assert explain(DeliveryFacts(S.SKIPPED, code), GOING, recipient, say) == f"Skipped: {told}"
    pending = explain(DeliveryFacts(S.PENDING), GOING, recipient, say)
    assert pending == f"Still pending, and will be skipped when its turn comes: {told}"


def test_a_transactional_mail_goes_to_whoever_has_unsubscribed():
    run = RunFacts(R.SENDING, transactional=True)
    gone = ExplainedContact(ContactStatus.UNSUBSCRIBED)
    assert "turn has not come yet" in explain(DeliveryFacts(S.PENDING), run, gone, say)


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (RunFacts(R.PAUSED, "You paused this run."), "is paused. You paused this run."),
        (RunFacts(R.PAUSED), "the run is paused."),
        (RunFacts(R.WAITING, "The quota is used", 30), "the run waits. The quota is used."),
        (RunFacts(R.WAITING, resume_at=30), "the run waits. It continues at 30."),
        (RunFacts(R.SCHEDULED), "the run has not started."),
    ],
)
def test_what_holds_the_run_holds_the_delivery(run, told):
    assert explain(DeliveryFacts(S.PENDING), run, ADA, say).endswith(told)


def test_whose_local_time_is_to_come_is_told_when():
    early = DeliveryFacts(S.PENDING, due_at=20)
    assert explain(early, GOING, ADA, say) == (
        "Still pending: due at 20, by the recipient's own clock."
    )
    waiting = RunFacts(R.WAITING, "The quota is used.")
    assert explain(early, waiting, ADA, say).endswith("own clock. The quota is used.")


def test_a_cancelled_run_skips_whoever_is_left():
    run = RunFacts(R.CANCELLED, finished_at=8)
    told = explain(DeliveryFacts(S.SKIPPED, "cancelled"), run, ADA, say)
    assert told == "Skipped: the run was cancelled at 8, before their turn came."


@pytest.mark.parametrize(
    ("run", "recipient", "told"),
    [
        (GOING, ExplainedContact(ContactStatus.ACTIVE), "they are not on its list news."),
        (RunFacts(R.FINISHED, lists=("a", "b")), ADA, "they are not on any of its lists (a, b)."),
        (RunFacts(R.FINISHED), ADA, "they are not on any list of it."),
        (
            GOING,
            ExplainedContact(ContactStatus.ACTIVE, joined={"news": 12.0}),
            "they joined news at 12, after the run had started at 10. A follow-up to those who",
        ),
        (
            RunFacts(R.FINISHED, created_at=10, lists=("news",), had_it="run 1"),
            ADA,
            "it was a follow-up, and run 1 had mailed them already.",
        ),
        (GOING, ADA, "though they joined news at 5: the run was for a part of the list"),
        (replace(GOING, segment=True), ADA, "not in the campaign's segment when the run started a"),
        (replace(GOING, segment=True, lists=()), ADA, "not in the campaign's segment when the run"),
        (replace(GOING, segment=True, lists=("x",)), ADA, "they are not on its list x."),
        (replace(GOING, segment=True, lists=(), had_it="run 1"), ADA, "and run 1 had mailed them"),
    ],
)
def test_who_is_in_no_delivery_was_not_in_the_audience(run, recipient, told):
    sentence = explain_absence(run, recipient, say)
    assert sentence.startswith("Not in the audience")
    assert told in sentence


def test_every_state_and_every_run_has_an_answer():
    for state in DeliveryState:
        for run_state in RunState:
            sentence = explain(DeliveryFacts(state), RunFacts(run_state), ADA, say)
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert "  " not in sentence
