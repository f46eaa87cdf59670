"""The open question to SES, and when each delivery was asked about, on both engines."""

from dataclasses import replace

from sestui.store.db.database import Database
from sestui.store.ledger.insight_questions import InsightQuestions, Question

NOW = 1_800_000_000.0


def test_a_question_is_opened_once_and_closed_by_whoever_knows_it(database: Database) -> None:
    questions = InsightQuestions(database, "simulator")
    assert questions.open_question() is None
    first = Question(7, (1, 2), NOW - 60, NOW, at=NOW)
    assert questions.open(first)
    assert not questions.open(replace(first, at=NOW + 1))
    assert InsightQuestions(database, "ses:eu-west-1").open_question() is None
    started = replace(first, job_id="job")
    questions.started(started)
    assert questions.open_question() == started
    questions.drop(replace(first, at=NOW + 1))
    assert questions.open_question() == started, "another's end closes nothing"
    questions.answered(started, {})
    questions.answered(started, {})
    assert questions.open_question() is None
    assert questions.in_doubt(7) == []
    assert questions.runs() == []
