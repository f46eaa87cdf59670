"""What is in doubt, asked of the simulated account's message insights over HTTP."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sestui.errors import AccountError, StateError, StoppedError
from sestui.feedback.insights_search import SearchResult
from sestui.ses.message_insights import (
    ExportedMail,
    ExportJob,
    JobResult,
    MessageInsights,
    read_result,
)
from sestui.store.ledger.doubtful import Unclear
from sestui.store.ledger.in_doubt import InDoubt, Resolution
from sestui.store.ledger.insight_questions import Question
from tests.support.doubts import GRACE, Doubts
from tests.support.workspaces import World, counts, sent

EMAILS = [f"reader{number}@example.com" for number in range(9)]


@pytest.fixture
def doubts(tmp_path: Path) -> Iterator[Doubts]:
    with closing(World(tmp_path / "world", simulator_latency=0)) as world:
        yield Doubts(world, EMAILS, taken=6)


def test_evidence_settles_and_its_absence_is_offered_after_the_grace_period(
    doubts: Doubts,
) -> None:
    result = doubts.search().run(doubts.run.id)
    assert result == SearchResult(asked=9, settled=6, unrecorded=3, unclear=0, too_old=0)
    after = counts(doubts.runtime, doubts.run)
    assert (after.accepted, after.in_doubt) == (6, 3)
    assert doubts.safe() == [], "nobody is offered within the grace period"

    doubts.clock.ahead = GRACE - 60
    assert doubts.search().run_due(GRACE, lambda: True) == 0
    assert doubts.safe() == []
    doubts.clock.ahead = GRACE + 60
    assert doubts.search().run_due(GRACE, lambda: False) == 0
    assert doubts.safe() == [], "without message insights nobody is asked about"
    assert doubts.search().run_due(GRACE, lambda: True) == 0
    unrecorded = doubts.safe()
    assert len(unrecorded) == 3
    assert counts(doubts.runtime, doubts.run).in_doubt == 3, "absence settles nothing"

    InDoubt(doubts.runtime.database).resolve(doubts.run.id, Resolution.RESEND, unrecorded)
    sent(doubts.runtime)
    assert counts(doubts.runtime, doubts.run).accepted == 9
    assert doubts.world.outbox() == dict.fromkeys(EMAILS, 1)


def test_mail_without_the_deliverys_tags_proves_nothing(doubts: Doubts) -> None:
    with doubts.world.account.changing() as connection:
        connection.execute("UPDATE outbox SET tags = '[]' WHERE id <= 2")
        connection.execute(
            """UPDATE outbox SET tags = '[["sestui-run", "77"], ["sestui-delivery", "1"]]'
            WHERE id = 3"""
        )
    doubts.clock.ahead = GRACE + 60
    result = doubts.search().run(doubts.run.id)
    assert (result.settled, result.unclear, result.unrecorded) == (3, 2, 4)
    assert len(doubts.safe()) == 4, "another database's tags are not the delivery's"
    assert [each.unclear for each in doubts.in_doubt() if each.unclear] == [Unclear.NO_TAGS] * 2
    assert doubts.search().run_due(GRACE, lambda: True) == 0
    assert doubts.questions.open_question() is None


LISTED = [
    pytest.param("Message ID,Destination\nm1,{0}\n", 1, id="no details"),
    pytest.param("Message ID,Destination\n,{0}\n", 1, id="no message id"),
    pytest.param('Message ID,Destination\n""\n', 3, id="a short row"),
    pytest.param("Message ID,Whom\nm1,{0}\n", 3, id="no recipient that we know of"),
    pytest.param("Message ID,Destination\nm1,x@example.org\n", 0, id="somebody else's"),
    pytest.param("Message ID,Destination\n" + "m1,x@example.org\n" * 10_000, 3, id="too many"),
    pytest.param("Message ID,Destination\n", 0, id="none"),
]


@pytest.mark.parametrize(("text", "unclear"), LISTED)
def test_a_mail_that_ses_lists_and_does_not_identify_is_never_no_record(
    doubts: Doubts, text: str, unclear: int
) -> None:
    doubts.search().run(doubts.run.id)
    doubts.clock.ahead = GRACE + 60
    left = doubts.in_doubt()

    class Listing(MessageInsights):
        def result(self, job: ExportJob) -> JobResult:
            found = read_result(text.format(left[0].email), job)
            question = doubts.questions.open_question()
            assert question is not None
            control = ExportedMail(question.control, frozenset({"control@example.org"}))
            return replace(found, mails=(*found.mails, control))

    result = doubts.search(Listing).run(doubts.run.id)
    assert (result.unclear, result.unrecorded) == (unclear, 3 - unclear)
    assert len(doubts.safe()) == 3 - unclear
    assert (left[0].email in doubts.safe()) == (unclear == 0)


@pytest.mark.parametrize("emptied", ["before", "after"])
def test_records_without_a_mail_that_ses_has_taken_prove_nothing(
    doubts: Doubts, emptied: str
) -> None:
    """The Virtual Deliverability Manager was switched on later, or it is another AWS account."""
    if emptied == "after":
        doubts.search().run(doubts.run.id)
    with doubts.world.account.changing() as connection:
        connection.execute("DELETE FROM event")
        connection.execute("DELETE FROM outbox")
    doubts.clock.ahead = GRACE + 60
    left = 9 if emptied == "before" else 3
    result = doubts.search().run(doubts.run.id)
    assert (result.unclear, result.unrecorded) == (left, 0)
    assert {each.unclear for each in doubts.in_doubt()} == {Unclear.NO_CONTROL}
    assert doubts.safe() == []


def test_another_account_is_not_asked_and_what_an_earlier_one_sent_neither(doubts: Doubts) -> None:
    def bound(account: str, since: float = 0) -> None:
        with doubts.runtime.database.write_connection() as connection:
            connection.exec_driver_sql(
                f"UPDATE run SET account = '{account}', account_since = {since}"
            )

    doubts.clock.ahead = GRACE + 60
    bound("ses:eu-west-1")
    with pytest.raises(StateError, match="sent through SES in eu-west-1"):
        doubts.search().run(doubts.run.id)
    assert doubts.search().run_due(GRACE, lambda: True) == 0
    bound("simulator", doubts.clock.now())
    assert doubts.search().run(doubts.run.id).asked == 0
    assert doubts.safe() == []
    bound("simulator")
    assert doubts.search().run_due(GRACE, lambda: True) == 6


def test_what_was_answered_before_answers_said_whether_they_were_clear_is_asked_again(
    doubts: Doubts,
) -> None:
    doubts.search().run(doubts.run.id)
    ids = [each.id for each in doubts.in_doubt()]
    with doubts.runtime.database.write_connection() as connection:
        connection.exec_driver_sql(
            "UPDATE shared_setting SET value = "
            f"'{json.dumps(dict.fromkeys(ids, 9000000000.0))}' WHERE name LIKE 'insights_asked:%'"
        )
    assert doubts.safe() == []
    assert doubts.search().run(doubts.run.id).unrecorded == 3


def test_a_search_longer_than_five_minutes_asks_about_each_once(doubts: Doubts) -> None:
    class Slow(MessageInsights):
        def create(self, addresses: Sequence[str], since: float, until: float) -> str:
            doubts.clock.ahead += 400
            question = doubts.questions.open_question()
            assert question is not None
            asked.extend(question.delivery_ids)
            return super().create(addresses, since, until)

    asked: list[int] = []
    doubts.search(Slow).run(doubts.run.id)
    assert len(asked) == len(set(asked)) == len(EMAILS)


def test_mail_of_a_suspended_process_and_of_a_wrong_clock_is_found(doubts: Doubts) -> None:
    hours = 3600
    doubts.clock.ahead = GRACE
    with doubts.world.account.changing() as connection:
        connection.execute(
            f"UPDATE outbox SET accepted_at = accepted_at + {5 * hours} WHERE id = 1"
        )
        connection.execute(
            f"UPDATE outbox SET accepted_at = accepted_at - {5 * hours} WHERE id = 2"
        )
    assert doubts.search().run(doubts.run.id).settled == 6


def test_case_and_wildcards_of_an_address_find_its_mail(doubts: Doubts) -> None:
    odd = "A*b*@Example.com"
    with doubts.world.account.changing() as connection:
        (email,) = json.loads(
            connection.execute("SELECT recipients FROM outbox WHERE id = 1").fetchone()[0]
        )
        given = (json.dumps([odd]),)
        connection.execute("UPDATE outbox SET recipients = ? WHERE id = 1", given)
        connection.execute("UPDATE event SET recipients = ? WHERE outbox_id = 1", given)
    with doubts.runtime.database.write_connection() as connection:
        connection.exec_driver_sql(f"UPDATE delivery SET email = '{odd}' WHERE email = '{email}'")
    assert doubts.search().run(doubts.run.id).settled == 6
    with doubts.runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE delivery SET email = ''")
    doubts.clock.ahead = GRACE + 60
    assert doubts.search().run(doubts.run.id).settled == 0, "nobody asks about erased addresses"
    assert doubts.safe() == []


@pytest.mark.parametrize("killed_in", ["create", "job", "result", "mail"])
def test_a_search_that_ends_anywhere_is_gone_on_with(doubts: Doubts, killed_in: str) -> None:
    class Killed(BaseException):
        """As a kill: nothing of ours catches it."""

    def killed(*_given: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        doubts.search(type("Dying", (MessageInsights,), {killed_in: killed})).run(doubts.run.id)
    open_question = doubts.questions.open_question()
    assert open_question is not None
    if killed_in == "create":  # whether SES has a job, nobody knows
        doubts.clock.ahead = 61
    result = doubts.search().run(doubts.run.id)
    assert (result.settled, result.unrecorded) == (6, 3)
    assert doubts.questions.open_question() is None


def test_one_question_is_open_at_a_time(doubts: Doubts) -> None:
    now = doubts.clock.now()
    first = Question(doubts.run.id, (1,), now - 60, now, at=now)
    assert doubts.questions.open(first)
    assert not doubts.questions.open(Question(doubts.run.id, (2,), now - 60, now, at=now + 1))
    doubts.stop.set()
    with pytest.raises(StoppedError):
        doubts.search().run(doubts.run.id)  # it waits for the other process's job
    assert doubts.questions.open_question() == first
    doubts.questions.drop(first)
    assert doubts.questions.open_question() is None


def test_what_is_older_than_ses_remembers_is_not_asked_about(doubts: Doubts) -> None:
    doubts.clock.ahead = 31 * 86_400.0
    result = doubts.search().run(doubts.run.id)
    assert result == SearchResult(asked=0, settled=0, unrecorded=0, unclear=0, too_old=9)
    assert doubts.search().run_due(GRACE, lambda: True) == 0


def test_a_refusal_leaves_no_question_open(doubts: Doubts) -> None:
    class Refusing(MessageInsights):
        def create(self, addresses: object, since: float, until: float) -> str:
            return super().create([f"{number}@x.example" for number in range(6)], since, until)

    with pytest.raises(AccountError, match="at most 5"):
        doubts.search(Refusing).run(doubts.run.id)
    assert doubts.questions.open_question() is None
