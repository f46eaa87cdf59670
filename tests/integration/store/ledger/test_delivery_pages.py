"""Counting, paging and searching the ledger, on both engines, against the rows themselves."""

import random

import pytest
from sqlmodel import select

from sestui.core.delivery.states import SETTLED_STATES, DeliveryState, RunKind
from sestui.store.db.tables import Campaign, Delivery, Run
from sestui.store.ledger import pages as delivery_pages
from sestui.store.ledger.deliveries import Deliveries
from sestui.store.ledger.log_rows import EVERY_STATE, LogFilter
from sestui.store.ledger.pages import DeliveryPages
from sestui.store.runs.runs import Runs
from tests.support.seeding import add_contacts, addresses, make_campaign, start_run

FILTERS = [
    LogFilter(),
    LogFilter(campaign="news"),
    LogFilter(campaign="nothing of that name"),
    LogFilter(states=SETTLED_STATES),
    LogFilter(states=frozenset({DeliveryState.ACCEPTED})),
    LogFilter(states=frozenset({DeliveryState.IN_DOUBT}), campaign="offers"),
    LogFilter(since=150.0),
    LogFilter(since=260.0),
    LogFilter(since=260.0, states=frozenset({DeliveryState.REJECTED, DeliveryState.PENDING})),
    LogFilter(since=270.5),
    LogFilter(since=1_000.0),
    LogFilter(run_id=1, states=frozenset({DeliveryState.PENDING, DeliveryState.SKIPPED})),
    LogFilter(states=frozenset()),
]
FINDS = ["7@", "R0001", "example", "nobody", "%", "_", "'", "é"]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, new_database, tmp_path_factory):
    """A ledger that is looked at only."""
    with new_database(request.param, tmp_path_factory.mktemp("ledger")) as database:
        fill(database)
        yield database


@pytest.fixture
def pages(database):
    return DeliveryPages(database)


def fill(database):
    """Three audiences' runs and a handful of tests, their deliveries in every state."""
    dice = random.Random(7)
    add_contacts(database, addresses(120))
    add_contacts(database, ["100%_sure@example.net", "o'hara@example.net"])
    add_contacts(database, addresses(30, "s"), "few")
    news = make_campaign(database, "news")
    offers = make_campaign(database, "offers", lists=("few",))
    runs = Runs(database)
    start_run(database, news, 100.0)
    start_run(database, offers, 200.0)
    for number in range(5):
        runs.start_test(news, [(f"Me{number}@example.com", None)], 210.0 + number)
    relayed(database, news, 240.0, 40)
    runs.cancel(1, 290.0)
    runs.start(news, 300.0, again=True)
    with database.write() as session:
        rows = session.exec(select(Delivery).order_by(Delivery.id)).all()
        for row in rows:
            row.state = dice.choice(list(DeliveryState)).value
        for run in session.exec(select(Run)).all():
            for state in DeliveryState:
                count = sum(row.run_id == run.id and row.state == state for row in rows)
                setattr(run, state.value, count)


def relayed(database, campaign, since, count):
    """A run that other programs add to, one mail a second."""
    with database.write() as session:
        run = Run(
            campaign_id=campaign.id,
            number=50,
            kind=RunKind.RELAY.value,
            message_id=campaign.message_id,
            from_address="x@example.com",
            state="sending",
            created_at=since,
        )
        session.add(run)
        session.flush()
        session.add_all(
            Delivery(run_id=run.id, email=f"relayed{i}@example.com", queued_at=since + i)
            for i in range(count)
        )


def expected(database, wanted):
    """The ids that match, newest first, by looking at every row."""
    with database.read() as session:
        campaigns = {c.id: c.name for c in session.exec(select(Campaign)).all()}
        runs = {run.id: run for run in session.exec(select(Run)).all()}
        rows = session.exec(select(Delivery).order_by(Delivery.id.desc())).all()
    return [
        row.id
        for row in rows
        if wanted.campaign in (None, campaigns[runs[row.run_id].campaign_id])
        and wanted.run_id in (None, row.run_id)
        and row.state in wanted.states
        and (wanted.since is None or row.queued_at >= wanted.since)
        and wanted.find.lower() in row.email.lower()
    ]


def ids(rows):
    return [row.delivery.id for row in rows]


@pytest.mark.parametrize("wanted", FILTERS)
def test_every_page_is_what_the_rows_say(database, pages, wanted):
    every = expected(database, wanted)
    assert pages.count(wanted) == len(every)
    for offset in range(0, len(every) + 30, 29):
        for limit in (1, 10, 100):
            page = pages.page(wanted, offset, limit)
            assert ids(page) == every[offset : offset + limit]


@pytest.mark.parametrize("wanted", FILTERS)
def test_a_delivery_is_found_again_at_its_number(database, pages, wanted):
    every = pages.page(wanted, 0, 1_000)
    for number in range(0, len(every), 29):
        for near in (0, number, len(every)):
            assert pages.place(wanted, every[number], near) == number


def test_a_delivery_that_left_the_filter_has_the_number_it_would_have(pages):
    accepted = LogFilter(states=frozenset({DeliveryState.ACCEPTED}))
    before = pages.page(accepted, 0, 1_000)
    other = pages.page(LogFilter(states=frozenset({DeliveryState.REJECTED})), 0, 1)[0]
    newer = [row for row in before if ids([row]) > ids([other])]
    assert pages.place(accepted, other, 0) == len(newer)


def test_counts_are_of_every_state_whichever_is_wanted(database, pages):
    counts = pages.counts(LogFilter(states=frozenset({DeliveryState.ACCEPTED}), campaign="news"))
    assert counts.audience == pages.count(LogFilter(campaign="news"))
    for state in DeliveryState:
        only = LogFilter(campaign="news", states=frozenset({state}))
        assert counts.as_dict()[state] == pages.count(only)


def test_a_row_names_its_run(pages):
    row = pages.page(LogFilter(run_id=3), 0, 1)[0]
    assert (row.campaign, row.run, row.kind) == ("news", 1, "test")
    assert (row.delivery.email, row.delivery.contact_id) == ("Me0@example.com", None)


def looked_through(search):
    steps = 0
    while not search.done:
        search.step()
        steps += 1
    return steps


@pytest.mark.parametrize("size", [10, 1_000])
@pytest.mark.parametrize("find", FINDS)
def test_a_search_finds_what_the_rows_say(database, pages, monkeypatch, find, size):
    monkeypatch.setattr(delivery_pages, "_STEP", size)
    for wanted in (
        LogFilter(find=find),
        LogFilter(find=find, campaign="news", states=SETTLED_STATES),
        LogFilter(find=find, since=262.0),
        LogFilter(find=find, run_id=1, states=frozenset({DeliveryState.ACCEPTED})),
    ):
        search = pages.search(wanted)
        assert search.share == 0.0
        looked_through(search)
        every = expected(database, wanted)
        assert (search.count(), search.share) == (len(every), 1.0)
        assert ids(search.page(0, 1_000)) == every
        assert ids(search.page(3, 5)) == every[3:8]


def test_a_search_gives_what_it_has_while_it_goes_on(database, pages, monkeypatch):
    monkeypatch.setattr(delivery_pages, "_STEP", 10)
    wanted = LogFilter(find="example")
    search = pages.search(wanted)
    search.step()
    assert 0 < search.share < 1
    assert 0 < search.count() <= 30
    assert ids(search.page(0, 100)) == expected(database, wanted)[: search.count()]
    # Each step is bounded, however long the whole takes.
    assert looked_through(search) >= 20


def test_a_search_that_finds_too_many_ends_with_the_newest(database, pages, monkeypatch):
    monkeypatch.setattr(delivery_pages, "_STEP", 50)
    wanted = LogFilter(find="example")
    every = expected(database, wanted)
    for most in (1, 49, 130, len(every) - 1, len(every), len(every) + 1):
        monkeypatch.setattr(delivery_pages, "MOST_FOUND", most)
        search = pages.search(wanted)
        looked_through(search)
        assert ids(search.page(0, 1_000)) == every[:most]
        assert search.more == (most < len(every))


@pytest.mark.parametrize(
    "wanted", [*FILTERS, LogFilter(find="R0001"), LogFilter(find="7@", states=SETTLED_STATES)]
)
def test_the_log_holds_the_same_deliveries_oldest_first(database, pages, monkeypatch, wanted):
    monkeypatch.setattr("sestui.store.ledger.deliveries._BATCH", 16)
    found = Deliveries(database).log(wanted, lambda batch: batch.columns["id"])
    log = [each for ids in found for each in ids]
    assert log == expected(database, wanted)[::-1]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_empty_ledger(new_database, tmp_path, engine):
    with new_database(engine, tmp_path) as database:
        nothing_is_found(DeliveryPages(database))


def nothing_is_found(pages):
    assert pages.count(LogFilter()) == 0
    assert list(pages.page(LogFilter(), 0, 100)) == []
    assert pages.counts(LogFilter(states=EVERY_STATE)).audience == 0
    search = pages.search(LogFilter(find="x"))
    looked_through(search)
    assert (search.count(), list(search.page(0, 10))) == (0, [])
