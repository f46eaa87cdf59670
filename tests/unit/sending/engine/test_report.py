"""What whoever watches is told of the answers."""

from sestui.core.delivery.handover import WITHDRAWN, Answer, AnswerKind, Claim, Reply
from sestui.core.delivery.pacing import NO_RATE
from sestui.sending.engine.report import MOST_LINES, Reporter
from tests.support.clocks import FakeClock

ACCEPTED = Reply(AnswerKind.ACCEPTED, message_id="m-1")


def pair(number, reply):
    claim = Claim(number, 1, f"a{number}@example.com", 1)
    return Answer.of(claim, reply), claim


def reported(*pairs):
    reports = []
    reporter = Reporter(reports.append, FakeClock())
    reporter.note(pairs)
    reporter.report(NO_RATE, None, "", last=True)
    (report,) = reports
    return report


def test_the_newest_answers_are_lines_and_all_are_counted():
    report = reported(*(pair(number, ACCEPTED) for number in range(MOST_LINES + 5)))
    assert report.answered == MOST_LINES + 5
    assert report.lines[0].email == "a5@example.com"
    assert (len(report.lines), report.lines[-1].detail) == (MOST_LINES, "m-1")


def test_what_was_taken_back_before_it_left_is_no_answer():
    report = reported(pair(1, WITHDRAWN), pair(2, ACCEPTED), pair(3, WITHDRAWN))
    assert [line.email for line in report.lines] == ["a2@example.com"]
    assert report.answered == 1
