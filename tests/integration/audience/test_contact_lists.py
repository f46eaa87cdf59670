import pytest

from sestui.core.campaign.audience import Audience
from sestui.core.delivery.states import ContactStatus
from sestui.errors import NotFoundError
from sestui.store.contacts.audiences import AudienceMember, Audiences
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.db.database import Database
from tests.support.clocks import FakeClock


def people(first: int, last: int) -> list[NewContact]:
    return [
        NewContact(f"P{n}@x.co", f"p{n}@x.co", {"n": str(n)}, ("t",)) for n in range(first, last)
    ]


def size(database: Database, *lists: str) -> int:
    return Audiences(database, FakeClock()).size(Audience(lists))


def test_lists_have_sizes_and_unions_have_each_contact_once(database: Database) -> None:
    contacts = Contacts(database)
    contacts.add(people(0, 30), list_name="a", now=1)
    added = contacts.add(people(20, 50), list_name="b", now=2)
    assert (added.imported, added.unchanged, added.joined) == (20, 10, 30)
    assert [(each.name, each.contacts) for each in contacts.lists()] == [("a", 30), ("b", 30)]
    assert size(database, "a") == 30
    assert size(database, "a", "b") == size(database, "b", "a", "b") == 50


@pytest.mark.parametrize("names", [["a"], ["b"], ["a", "b"], ["b", "c", "a"]])
def test_an_audience_comes_in_pages_by_id(database: Database, names: list[str]) -> None:
    contacts = Contacts(database)
    contacts.add(people(0, 30), list_name="a", now=1)
    contacts.add(people(20, 50), list_name="b", now=1)
    contacts.add(people(5, 6), list_name="c", now=1)
    pages = list(Audiences(database, FakeClock()).batches(Audience(tuple(names)), batch=7))
    members = [member for page in pages for member in page]
    assert len(members) == size(database, *names)
    assert all(len(page) == 7 for page in pages[:-1])
    ids = [member.contact_id for member in members]
    assert ids == sorted(set(ids))
    assert members[0] == AudienceMember(
        ids[0], members[0].email, {"n": members[0].email[1:-5]}, ContactStatus.ACTIVE
    )


def test_repeated_addresses_among_new_contacts_are_merged(database: Database) -> None:
    contacts = Contacts(database)
    twice = [NewContact("a@x.co", "a@x.co", {"n": "1"}), NewContact("A@x.co", "a@x.co", {"m": "2"})]
    added = contacts.add(twice, list_name="a", now=1)
    assert (added.imported, added.updated, added.joined) == (1, 1, 1)
    found = contacts.get("A@X.co")
    assert found is not None
    assert found.attributes == {"n": "1", "m": "2"}


def test_unknown_lists_and_contacts(database: Database) -> None:
    contacts = Contacts(database)
    assert contacts.get("nobody@x.co") is None
    assert contacts.count() == 0
    with pytest.raises(NotFoundError, match="no list 'none'"):
        size(database, "none")
    with pytest.raises(NotFoundError):
        next(Audiences(database, FakeClock()).batches(Audience(("none",))))
