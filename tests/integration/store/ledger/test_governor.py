"""The governor's row: what SES said of the account, and what was used since, on both engines."""

import pytest

from sestui.core.delivery.account import AccountStatus, QuotaRule
from sestui.core.delivery.handover import ClaimRequest, HoldBack
from sestui.core.delivery.pacing import AllowedRate
from sestui.core.delivery.rate_control import RateControl
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.ledger.governor import (
    Governor,
    LockedRow,
    PollStarted,
    SettledCounts,
    locked_row,
    row_allowed,
    row_control,
    row_quota,
    row_rate,
    settle,
    take,
)
from tests.support.clocks import START
from tests.support.seeding import (
    ACCOUNT,
    accepted,
    add_contacts,
    addresses,
    make_campaign,
    not_sent,
    open_ledger,
    start_run,
    tell_governor,
)

OTHER = "test-account-2"
STATUS = AccountStatus(
    max_24_hour_send=1_000,
    max_send_rate=14,
    sent_last_24_hours=30,
    production_access=True,
    sending_enabled=False,
    enforcement_status="PROBATION",
)


@pytest.fixture
def governor(database):
    return Governor(database)


def change(database, what, account=ACCOUNT):
    """Do something to the row inside a write transaction."""
    with database.write_connection() as connection:
        row = locked_row(connection, account)
        what(connection, row)
        return row


def assert_same(stored, locked):
    """What a transaction holds is what is stored."""
    assert LockedRow(**{name: getattr(stored, name) for name in LockedRow.__slots__}) == locked


def test_an_account_that_nobody_has_looked_at_lets_nothing_leave(database, governor):
    assert governor.row(ACCOUNT) is None
    for _ in range(2):
        row = change(database, lambda *_: None)
        assert (row.account, row.max_send_rate, row.taken, row.tat) == (ACCOUNT, 0, 0, 0)
        assert row_allowed(row, START) == AllowedRate(0.0)
    assert_same(governor.row(ACCOUNT), row)
    assert governor.row(OTHER) is None


def test_everything_that_ses_says_is_kept_for_that_account(database, governor):
    tell_governor(database, account=OTHER)
    others = governor.row(OTHER)
    tell_governor(database, STATUS, now=START)
    row = governor.row(ACCOUNT)
    assert (
        AccountStatus(
            max_24_hour_send=row.max_24_hour_send,
            max_send_rate=row.max_send_rate,
            sent_last_24_hours=row.sent_24_hours,
            production_access=row.production_access,
            sending_enabled=row.sending_enabled,
            enforcement_status=row.enforcement_status,
        )
        == STATUS
    )
    assert row.looked_at == START
    assert row_rate(row, START) == 14
    assert row_allowed(row, START) == AllowedRate(14.0)
    assert governor.row(OTHER) == others


def test_what_is_taken_counts_until_the_next_look(database, governor):
    tell_governor(database, STATUS, now=START)
    tell_governor(database, STATUS, now=START, account=OTHER)
    change(database, lambda connection, row: take(connection, ACCOUNT, count=3, tat=START + 1))
    change(database, lambda connection, row: take(connection, ACCOUNT, count=4, tat=START + 2))
    row = governor.row(ACCOUNT)
    assert (row.taken, row.tat) == (7, START + 2)
    quota = row_quota(row, QuotaRule(0.5), START)
    assert (quota.maximum, quota.limit, quota.used, quota.left) == (1_000, 500, 37, 463)
    assert (governor.row(OTHER).taken, governor.row(OTHER).tat) == (0, 0)
    begun = governor.poll_begins(ACCOUNT)
    assert begun == PollStarted(taken=7, in_flight=0)
    assert governor.poll_ends(ACCOUNT, AccountStatus(1_000, 14, 37), begun, now=START + 60)
    assert row_quota(governor.row(ACCOUNT), QuotaRule(0.5), START).used == 37


def test_a_look_is_exact_only_when_nothing_was_in_flight(database, governor, clock):
    tell_governor(database, now=START)
    add_contacts(database, addresses(6))
    ledger = open_ledger(database, clock)
    runs = [
        start_run(database, make_campaign(database, name), clock.now()).id
        for name in ("one", "two")
    ]
    claims = ledger.exchange([], ClaimRequest(runs[0], 2)).claims
    more = ledger.exchange([], ClaimRequest(runs[1], 1)).claims
    begun = governor.poll_begins(ACCOUNT)
    assert begun == PollStarted(taken=3, in_flight=3)
    ledger.exchange([accepted(claim) for claim in (*claims, *more)], None)
    # They were answered meanwhile, and whether SES's figure has them nobody knows.
    assert not governor.poll_ends(ACCOUNT, AccountStatus(100, 10, 2), begun, now=START)
    assert row_quota(governor.row(ACCOUNT), QuotaRule(1.0), START).used == 5
    begun = governor.poll_begins(ACCOUNT)
    assert begun == PollStarted(taken=3, in_flight=0)
    assert governor.poll_ends(ACCOUNT, AccountStatus(100, 10, 3), begun, now=START)
    assert row_quota(governor.row(ACCOUNT), QuotaRule(1.0), START).used == 3


def test_a_look_is_not_exact_when_something_left_during_it(database, governor):
    tell_governor(database, now=START)
    begun = governor.poll_begins(ACCOUNT)
    change(database, lambda connection, row: take(connection, ACCOUNT, count=2, tat=START))
    assert not governor.poll_ends(ACCOUNT, AccountStatus(100, 10, 0), begun, now=START)
    assert row_quota(governor.row(ACCOUNT), QuotaRule(1.0), START).used == 2


def test_what_ses_did_not_take_is_no_longer_counted(database, governor):
    tell_governor(database, STATUS, now=START)
    tell_governor(database, STATUS, now=START, account=OTHER)
    change(database, lambda connection, row: take(connection, ACCOUNT, count=7, tat=START))
    row = change(
        database,
        lambda connection, row: settle(connection, row, SettledCounts(unsent=2), START + 1),
    )
    assert row.taken == 5  # the caller's row is as good as a new look at it
    assert_same(governor.row(ACCOUNT), row)
    assert governor.row(OTHER).taken == 0


def test_throttling_is_kept_in_the_row_and_slows_everybody(database, governor):
    tell_governor(database, AccountStatus(-1, 100, 0), now=START)
    tell_governor(database, AccountStatus(-1, 100, 0), now=START, account=OTHER)
    expected = RateControl()
    for tick in range(1, 60):
        at = START + tick * 0.05
        answers = SettledCounts(accepted=[at] * 3, throttled=[at] * 3)
        expected = expected.observe(answers.accepted, answers.throttled, rate=100, now=at)
        row = change(
            database,
            lambda connection, row, answers=answers, at=at: settle(connection, row, answers, at),
        )
        assert row_control(row) == expected
    assert row_control(governor.row(ACCOUNT)) == expected
    assert governor.row(ACCOUNT).taken == 0  # a throttled mail is taken off by its own count
    allowed = row_allowed(governor.row(ACCOUNT), at)
    assert 10 < allowed.rate < 60
    assert allowed.factor == pytest.approx(allowed.rate / 100)
    assert row_rate(governor.row(ACCOUNT), at) == allowed.rate
    assert row_rate(governor.row(OTHER), at) == 100


def test_the_newest_look_of_several_accounts_is_found_by_their_names_beginning(database, governor):
    assert governor.newest("ses/") is None
    for account, at in (("ses/a", 50.0), ("ses/b", 70.0), ("ses/c", 60.0), ("simulator", 90.0)):
        tell_governor(database, now=at, account=account)
    change(database, lambda *_: None, "ses/never-looked-at")
    assert governor.newest("ses/").account == "ses/b"
    assert governor.newest("simulator").account == "simulator"
    assert governor.newest("ses/n") is None


@pytest.mark.parametrize("rate", [0, -1])
def test_no_rate_is_no_rate_whatever_was_learnt_before(rate):
    row = GovernorRow(account=ACCOUNT, max_send_rate=rate)
    assert row_allowed(row, START) == AllowedRate(0.0)


@pytest.mark.parametrize("hold_back", [HoldBack.RATE, HoldBack.FAULT])
def test_a_mail_that_comes_back_frees_its_place_in_the_quota(database, governor, clock, hold_back):
    add_contacts(database, addresses(3))
    tell_governor(database, AccountStatus(100, 1_000, 0), now=START)
    ledger = open_ledger(database, clock)
    run_id = start_run(database, make_campaign(database), clock.now()).id
    claims = ledger.exchange([], ClaimRequest(run_id, 3)).claims
    ledger.exchange([accepted(claims[0]), not_sent(claims[1], hold_back)], None)
    assert governor.row(ACCOUNT).taken == 2
