import pytest

from sestui.core.delivery.handover import Answer, AnswerKind, Claim, HoldBack, Reply
from sestui.core.delivery.states import PauseReason
from sestui.sending.engine.answer_policy import REFUSALS_IN_A_ROW, AnswerPolicy

NOW = 500.0


def pair(kind, *, run=1, code="", hold_back=None, reason="Because.", delivery=7, **claim):
    claim = Claim(delivery, run, "ada@example.com", **({"attempt": 1} | claim))
    return Answer.of(claim, Reply(kind, code=code, reason=reason, hold_back=hold_back)), claim


def refusal(code="MessageRejected", run=1):
    return pair(AnswerKind.REFUSED, run=run, code=code)


def unsent(hold_back, **more):
    return pair(AnswerKind.NOT_SENT, hold_back=hold_back, code="Code", **more)


ACCEPTANCE = pair(AnswerKind.ACCEPTED)


def test_many_refusals_of_one_kind_pause_the_run_with_the_reason():
    policy = AnswerPolicy()
    assert policy.read([refusal()] * (REFUSALS_IN_A_ROW - 1), NOW)[1] == []
    written, (pause,) = policy.read([refusal()], NOW)
    assert written[0].reply.kind is AnswerKind.REFUSED
    assert (pause.run_id, pause.reason) == (1, PauseReason.ERRORS)
    assert "MessageRejected: Because." in pause.detail
    # Resumed: as many again before it is paused again.
    assert policy.read([refusal()] * (REFUSALS_IN_A_ROW - 1), NOW)[1] == []


@pytest.mark.parametrize(
    "between", [ACCEPTANCE, refusal("MailFromDomainNotVerifiedException")], ids=["ok", "other"]
)
def test_a_streak_is_broken_by_anything_else(between):
    almost = [refusal()] * (REFUSALS_IN_A_ROW - 1)
    assert AnswerPolicy().read([*almost, between, *almost], NOW)[1] == []


def test_streaks_are_each_runs_own():
    answers = [refusal(run=1 + index % 2) for index in range(2 * REFUSALS_IN_A_ROW - 2)]
    policy = AnswerPolicy()
    assert policy.read(answers, NOW)[1] == []
    assert [pause.run_id for pause in policy.read([refusal(run=2)], NOW)[1]] == [2]


def test_a_paused_account_pauses_the_run_once():
    written, pauses = AnswerPolicy().read([unsent(HoldBack.PAUSED)] * 5, NOW)
    assert [(pause.run_id, pause.reason) for pause in pauses] == [(1, PauseReason.ACCOUNT)]
    assert {answer.retry_after for answer in written} == {0.0}


def test_the_daily_quota_is_said_and_the_mail_keeps_its_place():
    policy = AnswerPolicy()
    written, pauses = policy.read([unsent(HoldBack.QUOTA)], NOW)
    assert policy.quota_refused
    assert (pauses, written[0].reply.kind, written[0].retry_after) == ([], AnswerKind.NOT_SENT, 0.0)


def test_a_throttled_mail_is_tried_again_in_a_second_and_nothing_is_held():
    policy = AnswerPolicy()
    written, pauses = policy.read([unsent(HoldBack.RATE)], NOW)
    assert (written[0].retry_after, pauses, policy.hold_until) == (1.0, [], 0.0)


@pytest.mark.parametrize("attempt", [1, 27, 1_000])
def test_faults_back_off_by_their_own_count_whatever_the_claims(attempt):
    read = [
        AnswerPolicy().read([unsent(HoldBack.FAULT, faults=n, attempt=attempt)], NOW)[0][0]
        for n in (0, 1, 2, 9, 500)
    ]
    assert [answer.retry_after for answer in read] == [1, 2, 4, 300, 300]
    assert {answer.reply.kind for answer in read} == {AnswerKind.NOT_SENT}


def test_who_can_get_no_mail_pauses_the_run_once_nothing_else_is_left():
    policy = AnswerPolicy()
    unmade = [
        unsent(HoldBack.CONTENT, delivery=n, reason="'city' is undefined.") for n in (1, 2, 2)
    ]
    written, pauses = policy.read([*unmade, ACCEPTANCE], NOW)
    assert pauses == []  # everybody else first
    assert {answer.reply.kind for answer in written[:3]} == {AnswerKind.NOT_SENT}
    assert {answer.retry_after for answer in written[:3]} == {60.0}
    pause = policy.unmade(1)
    assert pause.reason is PauseReason.ERRORS
    assert "2 recipients: 'city' is undefined." in pause.detail
    assert policy.unmade(1) is None  # resumed: they are tried again
    assert policy.unmade(2) is None


def test_one_fault_holds_nothing_and_several_in_a_row_do():
    policy = AnswerPolicy()
    for expected in (False, False, True):
        policy.read([unsent(HoldBack.FAULT)], NOW)
        assert (policy.hold_until > NOW) is expected
        assert "SES can't accept mail at the moment (Code)" in policy.trouble


def test_nobody_answering_holds_at_once_and_longer_each_time():
    policy, now, waits = AnswerPolicy(), NOW, []
    for _ in range(9):
        policy.read([unsent(HoldBack.UNREACHABLE)] * 8, now)  # calls in flight together: one step
        waits.append(policy.hold_until - now)
        now = policy.hold_until
    assert waits == sorted(waits)
    assert waits[0] == 0.5
    assert waits[-1] == 30


@pytest.mark.parametrize("hold_back", [HoldBack.UNREACHABLE, HoldBack.FAULT])
def test_several_failures_in_a_row_are_an_outage_until_something_is_accepted(hold_back):
    policy, now = AnswerPolicy(), NOW
    for expected in (False, False, True, True):
        policy.read([unsent(hold_back)], now)
        assert bool(policy.outage) is expected
        now = max(now, policy.hold_until)
    policy.read([ACCEPTANCE], now)
    assert policy.outage == ""


def test_an_acceptance_ends_the_trouble():
    policy = AnswerPolicy()
    policy.read([unsent(HoldBack.UNREACHABLE)], NOW)
    policy.read([ACCEPTANCE], NOW + 1)
    assert policy.trouble == ""
    policy.read([unsent(HoldBack.UNREACHABLE)], NOW + 100)
    assert policy.hold_until == NOW + 100.5


@pytest.mark.parametrize("hold_back", [HoldBack.WITHDRAWN, HoldBack.BULK])
def test_what_was_taken_back_may_go_at_once(hold_back):
    policy = AnswerPolicy()
    written, pauses = policy.read([unsent(hold_back)], NOW)
    assert (written[0].retry_after, pauses, policy.hold_until) == (0.0, [], 0.0)
    assert policy.bulk_throttled is (hold_back is HoldBack.BULK)


def test_a_lost_answer_changes_nothing_for_the_next():
    policy = AnswerPolicy()
    written, pauses = policy.read([pair(AnswerKind.UNKNOWN)] * 100, NOW)
    assert (len(written), pauses, policy.hold_until) == (100, [], 0.0)


def test_nothing_is_said_before_anything_was_answered():
    policy = AnswerPolicy()
    assert (policy.hold_until, policy.trouble, policy.outage) == (0, "", "")
    assert not policy.quota_refused
    assert not policy.bulk_throttled
    assert policy.unmade(1) is None


def test_twenty_refusals_in_a_row_are_told_with_their_number():
    policy = AnswerPolicy()
    assert policy.read([refusal()] * 19, NOW)[1] == []
    (pause,) = policy.read([refusal()], NOW)[1]
    assert pause.detail == "20 mails in a row were refused with MessageRejected: Because."
    (pause,) = policy.read([refusal()] * 20, NOW)[1]  # and anew from nothing
    assert pause.run_id == 1


def test_an_acceptance_forgives_its_own_run_only():
    policy = AnswerPolicy()
    policy.read([refusal(run=2)] * 19, NOW)
    policy.read([ACCEPTANCE], NOW)
    assert [pause.run_id for pause in policy.read([refusal(run=2)], NOW)[1]] == [2]


def test_a_paused_account_is_told_in_its_own_words():
    (pause,) = AnswerPolicy().read([unsent(HoldBack.PAUSED, run=4, reason="Under review.")], NOW)[1]
    assert (pause.run_id, pause.detail) == (4, "Code: Under review.")


def test_the_one_who_can_get_no_mail_is_counted_in_the_singular():
    policy = AnswerPolicy()
    policy.read([unsent(HoldBack.CONTENT, run=3, reason="No name.")], NOW)
    pause = policy.unmade(3)
    assert pause.run_id == 3
    assert pause.detail.startswith("The mail can't be rendered for 1 recipient: No name. Fix")


@pytest.mark.parametrize(
    ("hold_back", "waits"),
    [
        (HoldBack.UNREACHABLE, [0.5, 1, 2, 4, 8, 16, 30, 30]),
        (HoldBack.FAULT, [0, 0, 2, 4, 8, 16, 30, 30]),
    ],
)
def test_holds_double_up_to_half_a_minute(hold_back, waits):
    policy, now, seen = AnswerPolicy(), NOW, []
    for _ in waits:
        policy.read([unsent(hold_back)], now)
        seen.append(max(0.0, policy.hold_until - now))
        now = max(now, policy.hold_until)
    assert seen == waits
