"""Lost answers of every kind, with SES's events read: what an event came for is in doubt no more,
and the rest is known to SES's records as never taken."""

import json
import threading

import pytest

from sestui.simulator.api.faults import checked_fault
from sestui.store.ledger.doubtful import doubtful_deliveries
from sestui.store.ledger.in_doubt import Resolution
from tests.chaos.test_faults import ANSWER_LOST, SECONDS
from tests.support.clocks import ShiftedClock
from tests.support.seeding import addresses, checked_counts, rows_of
from tests.support.workspaces import once, sent

GRACE = 24 * 3_600.0


class Lossy:
    """A run over an account that loses answers, and what SES says of it afterwards."""

    def __init__(self, world, database, recipients, **settings):
        url = database.url.render_as_string(hide_password=False)
        self.world = world(
            database_url=url,
            simulator_rate=300,
            simulator_latency=0,
            events_while_sending=False,
            **settings,
        )
        self.clock = ShiftedClock()
        self.runtime = self.world.runtime(self.clock)
        self.emails = addresses(recipients)
        self.run = self.world.started(self.runtime, self.emails)

    def lose(self, kinds, **fault):
        for kind in kinds:
            self.world.account.add_fault(checked_fault(kind, seconds=SECONDS.get(kind), **fault))

    def send(self):
        """Send it all, and let the account be well again."""
        sent(self.runtime)
        self.fired = sum(each["fired"] for each in self.world.account.faults())
        self.world.account.clear_faults()

    def counts(self):
        return checked_counts(self.runtime.database, self.run.id)

    def taken(self):
        """The message id that SES gave to each address's mail."""
        with self.world.account.reading() as connection:
            rows = connection.execute("SELECT recipients, message_id FROM outbox").fetchall()
        return {json.loads(to)[0]: message_id for to, message_id in rows}

    def read_events(self):
        self.world.account.advance(600)
        puller, waited_for = self.runtime.feedback.puller(), len(self.taken())
        for _ in range(60):
            waited_for -= puller.pull(wait_seconds=1).kinds.get("Send", 0)
            if not waited_for:
                return
        pytest.fail(f"{waited_for} mails' events did not come")

    def check_events_settle(self):
        """Who got it is accepted by SES's own message id; in doubt are those whom it never took."""
        taken = self.taken()
        known = {
            row.email: row.message_id
            for row in rows_of(self.runtime.database, self.run.id)
            if row.state == "accepted"
        }
        assert known == taken
        assert self.counts().in_doubt == len(self.emails) - len(taken)

    def check_records_do_the_rest(self):
        """SES has no record of those, so they are offered, resent, and everybody has it once."""
        self.clock.ahead += GRACE + 60
        self.runtime.feedback.ask_about_doubts(threading.Event())
        left = doubtful_deliveries(self.runtime.database, self.run.id)
        assert all(each.is_safe(GRACE) for each in left)
        self.runtime.doubts.resolve(self.run.id, Resolution.RESEND, ids=[each.id for each in left])
        sent(self.runtime)
        assert self.counts().accepted == len(self.emails)
        assert self.world.outbox() == once(self.emails)


def settle_all(made):
    made.send()
    assert made.counts().in_doubt >= made.fired > 0
    made.read_events()
    made.check_events_settle()
    made.check_records_do_the_rest()


def test_a_mail_that_was_taken_and_one_that_was_not_are_both_settled(world, sqlite_database):
    made = Lossy(world, sqlite_database, 60)
    made.lose(["reset_before", "reset_after"], probability=0.2, count=1)  # apart: no brake
    settle_all(made)


@pytest.mark.long
@pytest.mark.ci
def test_lost_answers_of_every_kind_are_settled_by_the_events(world, sqlite_database):
    made = Lossy(world, sqlite_database, 80)
    made.lose(ANSWER_LOST, probability=0.3, count=2)
    settle_all(made)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["single", "bulk"])
@pytest.mark.parametrize("kind", ANSWER_LOST)
def test_lost_answers_of_each_kind_are_settled_by_the_events(world, database, kind, mode):
    made = Lossy(world, database, 120, send_mode=mode)
    # Bulk makes few calls.
    made.lose([kind], **({"count": 1} if mode == "bulk" else {"probability": 0.2, "count": 4}))
    settle_all(made)
