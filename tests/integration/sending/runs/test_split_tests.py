"""Splits, on both engines: part of the audience gets several subjects, the rest the winner."""

import json

import pytest

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.errors import StateError
from sestui.reports.report_tables import as_html, as_text
from sestui.reports.run_report import run_report
from sestui.reports.sent_log import Format, write_log
from sestui.sending.runs.account_guard import AccountGuard
from sestui.sending.runs.run_queue import RunQueue
from sestui.sending.runs.split_tests import SplitTests
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.local_times import LocalTimes
from sestui.store.ledger.log_rows import LogFilter
from sestui.store.runs.runs import Runs
from tests.support.clocks import START, FakeClock
from tests.support.reported import about, mail, pull
from tests.support.seeding import (
    ACCOUNT,
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    open_ledger,
    rows_of,
    start_run,
    tell_governor,
    unknown,
)

HOUR = 3_600.0
SPLIT = {"split": ("Our news", "A gift for you"), "split_share": 50.0, "split_hours": 4.0}


class Sending:
    """A campaign of 400 recipients, and what sends it."""

    def __init__(self, database, **fields):
        self.database, self.clock = database, FakeClock(START)
        self.runs = Runs(database)
        tell_governor(database, now=self.clock.now())
        add_contacts(database, addresses(400))
        self.campaign = make_campaign(database, **(SPLIT | fields))
        self.run = start_run(database, self.campaign, self.clock.now())
        self.ledger = open_ledger(database, self.clock)
        self.tests = SplitTests(database, self.clock, lambda at: f"at {at:.0f}")
        self.queue = RunQueue(
            self.runs,
            compose=lambda run: pytest.fail(f"nobody asked for the mail of run {run.id}"),
            quota=lambda: None,
            local=lambda at: f"at {at:.0f}",
            announce=lambda: None,
            guard=AccountGuard(self.runs, lambda: ACCOUNT, set, self.clock),
            local_times=LocalTimes(database),
            split_tests=self.tests,
            clock=self.clock,
        )

    @property
    def now(self):
        return self.runs.get(self.run.id)

    def send(self):
        """Send all that may be sent; the claims."""
        self.queue.refresh()
        claims = []
        while self.queue.runnable() and (found := mail(self.ledger, self.run, 50)):
            claims += found
            self.clock.advance(1)
        self.queue.refresh()
        return claims

    def click(self, claims, variant, count):
        chosen = [each for each in claims if each.variant == variant][:count]
        given = {"run": self.run.id, "mailed_at": self.clock.now(), "after": HOUR}
        pull(self.database, self.clock, [about(each, "Click", **given) for each in chosen])

    @property
    def report(self):
        return run_report(self.database, "news")


@pytest.fixture
def sending(database):
    return Sending(database)


def by_variant(claims):
    return {
        letter: sum(each.variant == letter for each in claims)
        for letter in sorted({each.variant for each in claims})
    }


def test_the_rest_waits_for_the_winner_and_gets_it_at_its_time(sending):
    claims = sending.send()
    shares = by_variant(claims)
    assert shares.keys() == {"A", "B"}
    assert all(80 <= count <= 120 for count in shares.values())
    run = sending.now
    assert (run.state, run.reason) == (RunState.WAITING, WaitReason.SPLIT)
    assert run.resume_at == run.winner_due_at == sending.clock.now() + 4 * HOUR
    assert run.detail == (
        f"Its subjects have been sent; the winner is chosen at {run.resume_at:.0f}."
    )
    sending.click(claims, "A", 4)
    sending.click(claims, "B", 30)
    assert sending.report.split.sentence.startswith("So far, which decides nothing: B is better: ")
    sending.clock.advance(4 * HOUR - 1)
    assert sending.send() == []
    sending.clock.advance(1)
    rest = sending.send()
    assert by_variant(rest) == {"B": 400 - len(claims)}
    run = sending.now
    assert (run.state, run.winner, run.winner_at) == (RunState.FINISHED, "B", run.winner_due_at)
    assert len({each.email for each in (*claims, *rest)}) == 400
    checked_counts(sending.database, run.id)


def test_if_too_few_have_clicked_the_rest_gets_the_first_subject(sending):
    claims = sending.send()
    sending.click(claims, "B", 2)
    sending.clock.advance(4 * HOUR)
    assert by_variant(sending.send()).keys() == {"A"}
    assert sending.now.winner_why.startswith("Too few to tell: A 0.00 % ")
    assert sending.now.winner_why.endswith(" clicked. The rest gets the first subject, A.")


def test_the_report_has_the_variants_with_their_intervals(sending, tmp_path):
    claims = sending.send()
    sending.click(claims, "A", 4)
    sending.click(claims, "B", 30)
    sending.clock.advance(4 * HOUR)
    sending.send()
    split = json.loads(json.dumps(sending.report.as_dict()))["split"]
    assert [each["clicked"] for each in split["variants"]] == [4, 30]
    low, high = split["variants"][1]["interval"]
    assert low < 30 / split["variants"][1]["accepted"] < high
    assert (split["winner"], split["rest"]["accepted"]) == ("B", 400 - len(claims))
    lines = as_text(sending.report, str)
    assert sending.now.winner_why in lines
    assert any(line.split()[:4] == ["B", "A", "gift", "for"] for line in lines)
    assert any(line.split()[:3] == ["rest", "B:", "A"] for line in lines)
    assert "Split by subject" in as_html(sending.report, str)
    with (tmp_path / "log.jsonl").open("w+") as out:
        write_log(Deliveries(sending.database), LogFilter(), out, form=Format.JSONL, raw=False)
        out.seek(0)
        logged = [json.loads(line)["variant"] for line in out]
    shares = by_variant(claims)
    assert {letter: logged.count(letter) for letter in "AB"} == {
        "A": shares["A"],
        "B": 400 - shares["A"],
    }


@pytest.mark.parametrize(("variant", "winner"), [("B", "B"), ("", "A")])
def test_by_hand(database, variant, winner):
    sending = Sending(database, split_hours=None)
    with pytest.raises(StateError, match="have not all been sent"):
        sending.tests.choose(sending.run.id)
    sending.send()
    run = sending.now
    assert (run.state, run.reason, run.resume_at) == (RunState.WAITING, WaitReason.WINNER, None)
    sending.clock.advance(1_000 * HOUR)
    assert sending.send() == []
    assert "Each look is another chance to be misled" in sending.report.split.sentence
    with pytest.raises(StateError, match="no variant 'C'; it has A, B"):
        sending.tests.choose(run.id, "C")
    sending.tests.choose(run.id, variant)
    assert by_variant(sending.send()).keys() == {winner}
    assert sending.now.state == RunState.FINISHED
    with pytest.raises(StateError, match=f"{winner} is the winner already"):
        sending.tests.choose(run.id, "A")


def test_pauses_doubts_and_other_messages_change_nothing_of_it(sending):
    """The time of the choice stays, variants keep their subjects, and a resend its variant."""
    (doubtful, *_) = sending.ledger.exchange([], ClaimRequest(sending.run.id, 1)).claims
    sending.ledger.exchange([unknown(doubtful)], None)
    sending.send()
    due_at = sending.now.winner_due_at
    assert sending.now.reason == WaitReason.SPLIT
    sending.runs.pause(sending.run.id, PauseReason.OPERATOR, "Paused.")
    sending.clock.advance(HOUR)
    campaign = make_campaign(sending.database, split=("Other", "Subjects", "Now"))
    sending.runs.resume(sending.run.id, campaign)
    assert sending.send() == []
    assert (sending.now.winner_due_at, sending.now.split) == (due_at, list(SPLIT["split"]))
    from sestui.store.ledger.in_doubt import InDoubt, Resolution  # noqa: PLC0415

    InDoubt(sending.database).resolve(sending.run.id, Resolution.RESEND)
    sending.clock.advance(3 * HOUR)
    again = [each for each in sending.send() if each.delivery_id == doubtful.delivery_id]
    assert [each.variant for each in again] == [doubtful.variant]
    assert sending.now.state == RunState.FINISHED


def test_a_cancelled_run_has_no_winner(sending):
    sending.send()
    sending.runs.cancel(sending.run.id, sending.clock.now())
    sending.clock.advance(4 * HOUR)
    assert sending.send() == []
    with pytest.raises(StateError, match="It is cancelled: nobody is left to get the winner"):
        sending.tests.choose(sending.run.id, "A")
    checked_counts(sending.database, sending.run.id)


def test_a_split_of_everybody_ends_without_a_winner(database):
    sending = Sending(database, split=tuple("abcde"), split_share=100.0)
    assert by_variant(sending.send()).keys() == set("ABCDE")
    assert (sending.now.state, sending.now.winner) == (RunState.FINISHED, "")
    assert sending.report.split.sentence == "Too few to tell: nobody has clicked."
    with pytest.raises(StateError, match="It is finished: nobody is left to get the winner"):
        sending.tests.choose(sending.run.id, "A")


def test_where_nobody_got_a_variant_nobody_is_waited_for(database):
    sending = Sending(database, split_share=1e-6)
    assert by_variant(sending.send()) == {}
    assert by_variant(sending.send()) == {"A": 400}


def test_a_follow_up_gets_the_winner(sending):
    sending.send()
    sending.tests.choose(sending.run.id, "B")
    sending.send()
    add_contacts(sending.database, addresses(5, "new"))
    sending.run = sending.runs.start(sending.campaign, sending.clock.now(), only=Only.UNRECEIVED)
    assert by_variant(sending.send()) == {"B": 5}
    assert sending.now.winner_why == "B was the winner of run 1."


def test_assignments_of_runs_are_independent_and_reproducible(database):
    sending = Sending(database, split_share=100.0)
    sending.runs.cancel(sending.run.id, sending.clock.now())
    first = {row.contact_id: row.variant for row in rows_of(database, sending.run.id)}
    other = sending.runs.start(sending.campaign, sending.clock.now(), again=True)
    second = {row.contact_id: row.variant for row in rows_of(database, other.id)}
    same = sum(first[each] == second[each] for each in first)
    assert 160 <= same <= 240
    starts = [first[each] for each in sorted(first)][:20]
    assert starts == list("AAABBBAAABAABABAABAB")


def test_the_variants_are_claimed_along_an_index_of_theirs(sqlite_database):
    from sqlalchemy import text  # noqa: PLC0415

    from sestui.store.ledger import statements as sql  # noqa: PLC0415

    with sqlite_database.read_connection() as connection:
        claimed = sql.CLAIMABLE_OF_SPLIT.limit(5).params(run_id=1, now=0.0, furthest=0.0)
        said = claimed.compile(connection.engine, compile_kwargs={"literal_binds": True})
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {said}"))
        assert "ix_delivery_variant" in " ".join(row[3] for row in plan)


def test_a_test_mail_comes_in_every_variant(sending):
    run = sending.runs.start_test(sending.campaign, [("ada@example.com", None)], START)
    claims = sending.ledger.exchange([], ClaimRequest(run.id, 10)).claims
    assert [(each.email, each.variant) for each in claims] == [
        ("ada@example.com", "A"),
        ("ada@example.com", "B"),
    ]
    sending.ledger.exchange([accepted(each) for each in claims], None)
    assert sending.runs.get(run.id).state == RunState.FINISHED
