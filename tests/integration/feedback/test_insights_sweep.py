"""Many in doubt, looked for among all mails of their time instead of by address."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from sestui.feedback.insights_search import SearchResult
from sestui.ses.message_insights import ExportJob, JobResult, MessageInsights
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery
from sestui.store.ledger.doubtful import DoubtfulDelivery, Unclear
from sestui.store.ledger.insight_questions import InsightQuestions
from tests.support.clocks import FakeClock
from tests.support.doubts import GRACE, Doubts
from tests.support.reported import mail
from tests.support.seeding import (
    add_contacts,
    addresses,
    make_campaign,
    open_ledger,
    rows_of,
    start_run,
    tell_governor,
)
from tests.support.workspaces import World, counts

IN_DOUBT, TAKEN, KNOWN = 40, 30, 2
EMAILS = [f"reader{number}@example.com" for number in range(IN_DOUBT + KNOWN)]
BY_ADDRESS = IN_DOUBT // 4


class Counted(MessageInsights):
    """Counts the jobs that it creates."""

    by_address = 0
    by_time = 0

    def create(self, addresses: Sequence[str], since: float, until: float) -> str:
        type(self).by_address += 1
        return super().create(addresses, since, until)

    def create_for_sender(self, sender: str, since: float, until: float) -> str:
        type(self).by_time += 1
        return super().create_for_sender(sender, since, until)


def counted() -> type[Counted]:
    return type("Counted", (Counted,), {})


@pytest.fixture
def doubts(tmp_path: Path) -> Iterator[Doubts]:
    with closing(World(tmp_path / "world", simulator_latency=0, simulator_rate=2000)) as world:
        yield Doubts(world, EMAILS, taken=TAKEN, known=KNOWN)


def outbox(doubts: Doubts, changed: str, *given: object) -> None:
    with doubts.world.account.changing() as connection:
        connection.execute(changed, given)


def test_many_are_settled_in_a_few_jobs_and_the_rest_is_offered(doubts: Doubts) -> None:
    doubts.clock.ahead = GRACE + 60
    asking = counted()
    result = doubts.search(asking).run(doubts.run.id)
    assert result == SearchResult(IN_DOUBT, TAKEN, IN_DOUBT - TAKEN, unclear=0, too_old=0)
    assert asking.by_address + asking.by_time <= 3
    assert doubts.safe() == doubts.lost
    after = counts(doubts.runtime, doubts.run)
    assert (after.accepted, after.in_doubt) == (TAKEN + KNOWN, IN_DOUBT - TAKEN)
    assert doubts.search().run_due(GRACE, lambda: True) == 0


@pytest.mark.long
@pytest.mark.ci
def test_when_few_are_left_they_are_asked_for_by_address(doubts: Doubts) -> None:
    with doubts.runtime.database.write_connection() as connection:
        connection.exec_driver_sql(
            "UPDATE delivery SET state = 'accepted' WHERE state = 'in_doubt' AND email IN "
            f"({', '.join(repr(email) for email in doubts.lost[1:])})"
        )
        connection.exec_driver_sql(
            f"UPDATE run SET in_doubt = {TAKEN + 1}, accepted = {IN_DOUBT + KNOWN - TAKEN - 1}"
        )
    doubts.clock.ahead = GRACE + 60
    asking = counted()
    doubts.search(asking).run(doubts.run.id)
    assert (asking.by_time, asking.by_address) == (1, 1)
    assert doubts.safe() == doubts.lost[:1]


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("hours", [-5, 5])
def test_mail_of_another_time_is_found_and_its_absence_never_assumed(
    doubts: Doubts, hours: int
) -> None:
    doubts.clock.ahead = GRACE + 60
    outbox(doubts, "UPDATE outbox SET accepted_at = accepted_at + ?", hours * 3600)
    assert doubts.search().run(doubts.run.id).settled == TAKEN
    assert doubts.safe() == doubts.lost


@pytest.mark.long
@pytest.mark.ci
def test_records_without_a_mail_that_ses_has_taken_prove_nothing(doubts: Doubts) -> None:
    doubts.clock.ahead = GRACE + 60
    outbox(doubts, "DELETE FROM event")
    outbox(doubts, "DELETE FROM outbox")
    result = doubts.search().run(doubts.run.id)
    assert (result.settled, result.unclear) == (0, IN_DOUBT)
    assert {each.unclear for each in doubts.in_doubt()} == {Unclear.NO_CONTROL}
    assert doubts.safe() == []


@pytest.mark.long
@pytest.mark.ci
def test_every_mail_that_ses_has_taken_has_to_be_listed(doubts: Doubts) -> None:
    """Else those that are left are asked for by address, each four beside one that has to be."""
    doubts.clock.ahead = GRACE + 60
    outbox(doubts, "DELETE FROM event WHERE outbox_id NOT IN (SELECT id FROM outbox LIMIT 20)")
    outbox(doubts, "DELETE FROM outbox WHERE id NOT IN (SELECT id FROM outbox LIMIT 20)")
    asking = counted()
    result = doubts.search(asking).run(doubts.run.id)
    assert (result.settled, result.unrecorded + result.unclear) == (20, 20)
    assert asking.by_address == 5


@pytest.mark.long
@pytest.mark.ci
def test_mail_without_the_deliverys_tags_proves_nothing(doubts: Doubts) -> None:
    doubts.clock.ahead = GRACE + 60
    with doubts.runtime.database.read_connection() as connection:
        email = connection.exec_driver_sql(
            "SELECT email FROM delivery WHERE state = 'in_doubt' ORDER BY id"
        ).scalar()
    outbox(doubts, "UPDATE outbox SET tags = '[]' WHERE recipients = ?", json.dumps([email]))
    result = doubts.search().run(doubts.run.id)
    assert (result.settled, result.unclear) == (TAKEN - 1, 1)
    assert [each.unclear for each in doubts.in_doubt() if each.unclear] == [Unclear.NO_TAGS]
    assert doubts.safe() == doubts.lost


class NoRecipients(Counted):
    """Its results over a time name none."""

    def result(self, job: ExportJob) -> JobResult:
        found = super().result(job)
        if type(self).by_address:
            return found
        return replace(
            found, mails=tuple(replace(each, destinations=frozenset()) for each in found.mails)
        )


class CutOff(Counted):
    """Its results over a time are never whole."""

    def result(self, job: ExportJob) -> JobResult:
        return replace(super().result(job), is_whole=bool(type(self).by_address))


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("insights", [NoRecipients, CutOff])
def test_answers_that_are_of_no_use_are_asked_for_by_address(
    doubts: Doubts, insights: type[Counted]
) -> None:
    doubts.clock.ahead = GRACE + 60
    asking = type("Asking", (insights,), {})
    result = doubts.search(asking).run(doubts.run.id)
    assert (result.settled, result.unrecorded) == (TAKEN, IN_DOUBT - TAKEN)
    assert doubts.safe() == doubts.lost
    assert 0 < asking.by_time <= BY_ADDRESS
    assert 0 < asking.by_address <= BY_ADDRESS + 1


@pytest.mark.long
@pytest.mark.ci
def test_a_long_answer_is_asked_for_in_halves(doubts: Doubts) -> None:
    class Half(Counted):
        """The first is cut off."""

        def result(self, job: ExportJob) -> JobResult:
            found = super().result(job)
            if self.by_time > 1:
                return found
            return JobResult(found.mails[:3], is_whole=False)

    doubts.clock.ahead = GRACE + 60
    result = doubts.search(Half).run(doubts.run.id)
    assert (result.settled, result.unclear) == (TAKEN, 0)
    assert (Half.by_address, Half.by_time > 2) == (0, True)
    assert doubts.safe() == doubts.lost


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("killed_in", ["create_for_sender", "job", "result", "mail"])
def test_a_sweep_that_ends_anywhere_is_gone_on_with(doubts: Doubts, killed_in: str) -> None:
    class Killed(BaseException):
        """As a kill: nothing of ours catches it."""

    def killed(*_given: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        doubts.search(type("Dying", (MessageInsights,), {killed_in: killed})).run(doubts.run.id)
    open_question = doubts.questions.open_question()
    assert open_question is not None
    assert open_question.delivery_ids == ()
    doubts.clock.ahead = GRACE + 60
    asking = counted()
    result = doubts.search(asking).run(doubts.run.id)
    assert (result.settled, result.unrecorded) == (TAKEN, IN_DOUBT - TAKEN)
    assert asking.by_address + asking.by_time <= 3
    assert doubts.questions.open_question() is None


@pytest.mark.long
@pytest.mark.ci
def test_relayed_mail_has_no_sender_in_common_and_is_asked_for_by_address(doubts: Doubts) -> None:
    with doubts.runtime.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET kind = 'relay'")
    asking = counted()
    doubts.search(asking).run(doubts.run.id)
    assert (asking.by_time, asking.by_address) == (0, BY_ADDRESS)


def test_what_a_sweep_reads_of_the_ledger(database: Database) -> None:
    clock = FakeClock()
    tell_governor(database, now=clock.now())
    add_contacts(database, addresses(7))
    run = start_run(database, make_campaign(database), clock.now())
    ledger = open_ledger(database, clock)
    for _ in range(7):
        mail(ledger, run, 1)
        clock.advance(1)
    rows = rows_of(database, run.id)
    times = sorted(each.claimed_at for each in rows if each.claimed_at is not None)
    questions = InsightQuestions(database, "simulator")
    assert questions.claim_times(run.id, 3) == [times[2], times[5]]
    assert questions.claim_times(run.id, 8) == []
    assert questions.sender(run.id) == run.from_address

    def doubt(row: Delivery) -> DoubtfulDelivery:
        assert row.id is not None
        assert row.claimed_at is not None
        return DoubtfulDelivery(row.id, row.email, row.claimed_at, None)

    control = questions.earlier_control(run.id, doubt(rows[3]), 0)
    assert control is not None
    assert control.id == rows[2].id
    assert questions.earlier_control(run.id, doubt(rows[0]), times[0]) is None
    with database.write_connection() as connection:  # throttled first, and sent later
        late = {"at": times[-1] + 1, "id": rows[2].id}
        connection.execute(text("UPDATE delivery SET claimed_at = :at WHERE id = :id"), late)
    control = questions.earlier_control(run.id, doubt(rows[3]), 0)
    assert control is not None
    assert control.id == rows[1].id
