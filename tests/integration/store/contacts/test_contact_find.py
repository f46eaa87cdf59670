"""Finding contacts as one types, on both engines."""

import pytest

from sestui.core.contact.address_check import check_address
from sestui.core.delivery.states import Standing
from sestui.errors import NotFoundError
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.key_queries import Which
from sestui.store.contacts.search import find_contacts
from tests.support.seeding import suppress

PEOPLE = {
    "ada@example.com": {"first_name": "Ada", "last_name": "Lovelace", "city": "London"},
    "adam@example.com": {"first_name": "Adam"},
    "b.adams@example.org": {"name": "Bob"},
    "eve@bücher.example.net": {"first_name": "Ève", "note": '50% "off"'},
    "c_d@example.org": {"name": "Lovelace, Carl\u0301"},
}


@pytest.fixture(params=[0, 5_000], ids=["long lists", "short lists"])
def people(database, request, monkeypatch):
    monkeypatch.setattr("sestui.store.contacts.key_queries._SHORT", request.param)
    monkeypatch.setattr("sestui.store.contacts.search._CHUNK", 2)
    new = []
    for email, attributes in PEOPLE.items():
        address = check_address(email.replace(".example.net", ".com"))
        new.append(NewContact(address.email, address.key, attributes))
    contacts = Contacts(database)
    contacts.add(new, list_name="all", now=1)
    contacts.add(new[1:4], list_name="some", now=1)
    return database


def emails(database, text, which=None, **options):
    steps = list(find_contacts(database, which or Which(), text, **options))
    assert [step.done for step in steps] == [False] * (len(steps) - 1) + [True]
    return [line.email for step in steps for line in step.lines]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", ["ada@example.com", "adam@example.com", "b.adams@example.org"]),
        ("ADAM@", ["adam@example.com"]),
        ("example.org", ["c_d@example.org", "b.adams@example.org"]),
        ("lovelace ada", ["ada@example.com"]),
        ("lovelace", ["c_d@example.org", "ada@example.com"]),
        ("LONDON", ["ada@example.com"]),
        ("ève", ["eve@bücher.com"]),
        ("ÈVE", ["eve@bücher.com"]),
        ("bücher", ["eve@bücher.com"]),
        ("xn--bcher", ["eve@bücher.com"]),
        ('% "o', ["eve@bücher.com"]),
        ("_", ["c_d@example.org"]),
        ("c_d", ["c_d@example.org"]),
        ("first_name", []),
        ("nobody", []),
        ("\\", []),
        ("\0\ud800zz", []),
    ],
)
def test_parts_of_addresses_and_attributes_are_found(people, text, found):
    assert emails(people, text) == found


def test_only_the_chosen_are_searched(people):
    assert emails(people, "ada", Which("some")) == ["adam@example.com", "b.adams@example.org"]
    suppress(people, "adam@example.com")
    suppress(people, "adamant@example.com")
    assert emails(people, "ada", Which("some", Standing.ACTIVE)) == ["b.adams@example.org"]
    assert emails(people, "ada", Which(None, Standing.ACTIVE)) == [
        "ada@example.com",
        "b.adams@example.org",
    ]
    assert emails(people, "ada", Which(None, Standing.SUPPRESSED)) == [
        "adam@example.com",
        "adamant@example.com",
    ]
    assert emails(people, "amant", Which(None, Standing.SUPPRESSED)) == ["adamant@example.com"]
    assert emails(people, "ada", Which("some", Standing.SUPPRESSED)) == ["adam@example.com"]
    assert emails(people, "Adam", Which("some", Standing.UNSUBSCRIBED)) == []
    with pytest.raises(NotFoundError):
        emails(people, "ada", Which("none"))


def test_a_search_that_finds_too_much_says_so_and_stops(people):
    for most in (1, 2, 3, 4):
        steps = list(find_contacts(people, Which(), "example", most=most))
        assert sum(len(step.lines) for step in steps) == most
        assert steps[-1].more == (most < 4)
    steps = list(find_contacts(people, Which(), "ada", most=1))
    assert [len(step.lines) for step in steps] == [1]
    assert steps[-1].more
    assert steps[-1].done


def test_a_search_is_a_series_of_steps_that_may_end_any_time(people):
    steps = find_contacts(people, Which(), "lovelace")
    assert next(steps).searched == 0
    assert next(steps).searched == 2
    Contacts(people).add([NewContact("z@x.co", "z@x.co")], list_name="all", now=2)
    steps.close()
