import pytest

from sestui.core.delivery import Answer, AnswerKind, Claim, HoldBack
from sestui.core.states import PauseReason
from sestui.sending.engine.answer_policy import MOST_FAULTS, REFUSALS_IN_A_ROW, Holds

NOW = 500.0


def pair(kind, *, run=1, code="", hold_back=None, attempt=1, reason="Because."):
    answer = Answer(7, attempt, kind, code=code, reason=reason, hold_back=hold_back)
    return answer, Claim(7, run, "ada@example.com", attempt)


def refusal(code="MessageRejected", run=1):
    return pair(AnswerKind.REFUSED, run=run, code=code)


def unsent(hold_back, **more):
    return pair(AnswerKind.NOT_SENT, hold_back=hold_back, code="Code", **more)


ACCEPTANCE = pair(AnswerKind.ACCEPTED)


def test_many_refusals_of_one_kind_pause_the_run_with_the_reason():
    holds = Holds()
    assert holds.read([refusal()] * (REFUSALS_IN_A_ROW - 1), NOW)[1] == []
    written, (pause,) = holds.read([refusal()], NOW)
    assert written[0].kind is AnswerKind.REFUSED
    assert (pause.run_id, pause.reason) == (1, PauseReason.ERRORS)
    assert "MessageRejected: Because." in pause.detail
    # Resumed: as many again before it is paused again.
    assert holds.read([refusal()] * (REFUSALS_IN_A_ROW - 1), NOW)[1] == []


@pytest.mark.parametrize(
    "between", [ACCEPTANCE, refusal("MailFromDomainNotVerifiedException")], ids=["ok", "other"]
)
def test_a_streak_is_broken_by_anything_else(between):
    almost = [refusal()] * (REFUSALS_IN_A_ROW - 1)
    assert Holds().read([*almost, between, *almost], NOW)[1] == []


def test_streaks_are_each_runs_own():
    answers = [refusal(run=1 + index % 2) for index in range(2 * REFUSALS_IN_A_ROW - 2)]
    holds = Holds()
    assert holds.read(answers, NOW)[1] == []
    assert [pause.run_id for pause in holds.read([refusal(run=2)], NOW)[1]] == [2]


def test_a_paused_account_pauses_the_run_once():
    written, pauses = Holds().read([unsent(HoldBack.PAUSED)] * 5, NOW)
    assert [(pause.run_id, pause.reason) for pause in pauses] == [(1, PauseReason.ACCOUNT)]
    assert {answer.retry_after for answer in written} == {0.0}


def test_the_daily_quota_is_said_and_the_mail_keeps_its_place():
    holds = Holds()
    written, pauses = holds.read([unsent(HoldBack.QUOTA)], NOW)
    assert holds.quota_said
    assert (pauses, written[0].kind, written[0].retry_after) == ([], AnswerKind.NOT_SENT, 0.0)


def test_a_throttled_mail_is_tried_again_in_a_second_and_nothing_is_held():
    holds = Holds()
    written, pauses = holds.read([unsent(HoldBack.RATE)], NOW)
    assert (written[0].retry_after, pauses, holds.hold_until) == (1.0, [], 0.0)


def test_faults_back_off_longer_each_time():
    read = [Holds().read([unsent(HoldBack.FAULT, attempt=n)], NOW)[0][0] for n in (1, 2, 3, 10)]
    assert [answer.retry_after for answer in read] == [1, 2, 4, 300]


def test_a_mail_that_ses_keeps_failing_on_is_refused_in_the_end():
    written, _ = Holds().read([unsent(HoldBack.FAULT, attempt=MOST_FAULTS)], NOW)
    assert (written[0].kind, written[0].hold_back) == (AnswerKind.REFUSED, None)
    assert f"Tried {MOST_FAULTS} times" in written[0].reason


def test_one_fault_holds_nothing_and_several_in_a_row_do():
    holds = Holds()
    for expected in (False, False, True):
        holds.read([unsent(HoldBack.FAULT)], NOW)
        assert (holds.hold_until > NOW) is expected
        assert "SES can't take mail just now (Code)" in holds.trouble


def test_nobody_answering_holds_at_once_and_longer_each_time():
    holds, now, waits = Holds(), NOW, []
    for _ in range(9):
        holds.read([unsent(HoldBack.UNREACHABLE)] * 8, now)  # calls in the air together: one step
        waits.append(holds.hold_until - now)
        now = holds.hold_until
    assert waits == sorted(waits)
    assert waits[0] == 0.5
    assert waits[-1] == 30


def test_an_acceptance_ends_the_trouble():
    holds = Holds()
    holds.read([unsent(HoldBack.UNREACHABLE)], NOW)
    holds.read([ACCEPTANCE], NOW + 1)
    assert holds.trouble == ""
    holds.read([unsent(HoldBack.UNREACHABLE)], NOW + 100)
    assert holds.hold_until == NOW + 100.5


@pytest.mark.parametrize("hold_back", [HoldBack.WITHDRAWN, HoldBack.BULK])
def test_what_was_taken_back_may_go_at_once(hold_back):
    holds = Holds()
    written, pauses = holds.read([unsent(hold_back)], NOW)
    assert (written[0].retry_after, pauses, holds.hold_until) == (0.0, [], 0.0)
    assert holds.bulk_throttled is (hold_back is HoldBack.BULK)


def test_a_lost_answer_changes_nothing_for_the_next():
    holds = Holds()
    written, pauses = holds.read([pair(AnswerKind.UNKNOWN)] * 100, NOW)
    assert (len(written), pauses, holds.hold_until) == (100, [], 0.0)
