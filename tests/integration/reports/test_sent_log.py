"""The sent log of a whole database."""

import csv
import io
from collections import Counter

from sestui.reports.sent_log import Format, write_log
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.log_rows import EVERY_STATE, LogFilter
from sestui.store.runs.runs import Runs
from tests.support.clocks import FakeClock
from tests.support.seeding import add_contacts, make_campaign, start_run


def test_a_test_is_told_from_the_run_of_its_number(database) -> None:
    add_contacts(database, ["ada@example.com", "bob@example.com"])
    campaign, now = make_campaign(database), FakeClock().now()
    Runs(database).start_test(campaign, [("ops@example.com", 1)], now)
    start_run(database, campaign, now)
    out = io.StringIO()
    write_log(Deliveries(database), LogFilter(states=EVERY_STATE), out, form=Format.CSV, raw=False)
    rows = csv.DictReader(io.StringIO(out.getvalue()))
    assert Counter((row["run"], row["run_kind"]) for row in rows) == {
        ("1", "test"): 1,
        ("1", "campaign"): 2,
    }
