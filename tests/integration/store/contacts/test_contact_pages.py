"""Pages and counts of contacts against a plain model, on both engines."""

import random

import pytest
from sqlalchemy import text

from sestui.core.delivery.states import Standing
from sestui.errors import NotFoundError
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.key_queries import Order, Which
from sestui.store.contacts.pages import ContactPages
from tests.support.seeding import suppress

STATUSES = ("active", "active", "unsubscribed", "active", "invalid")
WHICH = [Which(name, held) for name in (None, "first", "second") for held in (None, *Standing)]


@pytest.fixture
def people(database):
    """400 contacts on two lists that overlap: address, lists and standing, newest first."""
    chance = random.Random(4)
    emails = [f"p{chance.randrange(10**6):06d}x{n}@example.com" for n in range(400)]
    new = [NewContact(email, email, {"first_name": f"N{email[1:4]}"}) for email in emails]
    contacts = Contacts(database)
    contacts.add(new[:250], list_name="first", now=1)
    contacts.add(new[150:], list_name="second", now=2)
    for email in (*emails[::7], "nobody@example.com"):
        suppress(database, email)
    with database.write_connection() as connection:
        connection.execute(
            text("UPDATE contact SET status = :status WHERE email_key = :email"),
            [{"email": e, "status": STATUSES[n % 5]} for n, e in enumerate(emails)],
        )
    found = []
    for number, email in enumerate(emails):
        lists = {"first"} if number < 250 else set()
        lists |= {"second"} if number >= 150 else set()
        standing = STATUSES[number % 5] if number % 7 else "suppressed"
        found.append((email, lists, standing))
    return found[::-1]


def expected(people, which):
    emails = [
        email
        for email, lists, standing in people
        if which.list_name in {None, *lists} and which.standing in {None, standing}
    ]
    if which.standing is Standing.SUPPRESSED:
        return sorted(emails + ["nobody@example.com"] * (which.list_name is None))
    return emails


@pytest.mark.parametrize("short", [0, 5_000], ids=["long lists", "short lists"])
def test_every_page_of_every_choice(database, people, short, monkeypatch):
    monkeypatch.setattr("sestui.store.contacts.key_queries._SHORT", short)
    chance = random.Random(9)
    for which in WHICH:
        whole = expected(people, which)
        pages = ContactPages(database, which)
        assert [line.email for line in pages.page(0, 10)] == whole[:10]
        assert pages.count() == len(whole), which
        offsets = list(range(0, len(whole) + 10, 10))
        chance.shuffle(offsets)  # from near neighbours, from the start, from the end
        for offset in offsets:
            found = [line.email for line in pages.page(offset, 10)]
            assert found == whole[offset : offset + 10], (which, offset)


def test_the_standings_of_a_list_add_up_to_it(database, people):
    for name in ("first", "second"):
        counts = [ContactPages(database, Which(name, standing)).count() for standing in Standing]
        assert sum(counts) == ContactPages(database, Which(name)).count() == 250


def test_a_line_says_why_somebody_is_not_mailed(database, people):
    with database.write_connection() as connection:
        connection.execute(text("UPDATE contact SET status_reason = 'asked by phone'"))
    lines = ContactPages(database, Which("first")).page(0, 250)
    reasons = {line.standing: line.reason for line in lines}
    assert reasons == {
        Standing.ACTIVE: "",
        Standing.UNSUBSCRIBED: "asked by phone",
        Standing.INVALID: "asked by phone",
        Standing.SUPPRESSED: "manual",
    }
    assert all(line.attributes["first_name"].startswith("N") for line in lines)
    stranger = ContactPages(database, Which(None, Standing.SUPPRESSED)).page(0, 1)[0]
    assert (stranger.id, stranger.email, stranger.attributes) == (None, "nobody@example.com", {})


def test_who_comes_and_goes_between_two_counts_breaks_nothing(database, people):
    pages = ContactPages(database, Which())
    assert pages.count() == 400
    pages.page(200, 10)
    Contacts(database).add([NewContact("new@x.co", "new@x.co")], list_name="first", now=3)
    assert pages.page(0, 1)[0].email == "new@x.co"
    assert len(pages.page(210, 10)) == 10
    assert pages.count() == 401
    assert [line.email for line in pages.page(400, 10)] == [people[-1][0]]
    assert pages.page(500, 10) == []


def test_a_list_that_is_not_there(database):
    pages = ContactPages(database, Which("none"))
    with pytest.raises(NotFoundError, match="no list 'none'"):
        pages.count()
    with pytest.raises(NotFoundError):
        pages.page(0, 10)
    assert ContactPages(database, Which()).page(0, 10) == []


def test_the_cursor_s_row_is_told_its_new_number(database, people):
    for which in (Which(), Which("first"), Which("first", Standing.ACTIVE)):
        pages = ContactPages(database, which)
        row = pages.page(100, 1)[0]
        assert pages.place(row, 100) == 100
        pages.count()
        new = [NewContact(f"new{n}@x.co", f"new{n}@x.co") for n in range(3)]
        Contacts(database).add(new, list_name="first", now=3)
        assert pages.place(row, 100) == pages.place(row, 103) == 103
        assert pages.page(103, 1) == [row]
        with database.write_connection() as connection:
            connection.execute(text("DELETE FROM membership WHERE joined_at = 3"))
            connection.execute(text("DELETE FROM contact WHERE created_at = 3"))
    suppressed = ContactPages(database, Which(None, Standing.SUPPRESSED))
    row = suppressed.page(5, 1)[0]
    assert suppressed.place(row, 5) == 5
    suppress(database, "0@x.co")
    assert suppressed.place(row, 5) == 6


def in_order(emails, which, order):
    if which.standing is Standing.SUPPRESSED:
        return sorted(emails, reverse=order is Order.ADDRESS_BACK)
    if order in {Order.ADDRESS, Order.ADDRESS_BACK}:
        return sorted(emails, reverse=order is Order.ADDRESS_BACK)
    return emails if order is Order.NEWEST else emails[::-1]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("short", [0, 5_000], ids=["long lists", "short lists"])
def test_every_order_of_every_choice(database, people, short, order, monkeypatch):
    monkeypatch.setattr("sestui.store.contacts.key_queries._SHORT", short)
    chance = random.Random(7)
    for which in WHICH:
        whole = in_order(expected(people, which), which, order)
        pages = ContactPages(database, which, order)
        assert pages.count() == len(whole)
        for _ in range(8):
            offset = chance.randrange(0, len(whole) + 3)
            page = pages.page(offset, 20)
            assert [line.email for line in page] == whole[offset : offset + 20], (which, offset)
            if page:
                assert pages.place(page[-1], offset + len(page) - 1) == offset + len(page) - 1
