import pytest

from sestui.core.delivery.states import ContactStatus
from sestui.errors import NotFoundError
from sestui.store.contacts.contacts import AudienceMember, Contacts, NewContact
from sestui.store.db.database import Database


def people(first: int, last: int) -> list[NewContact]:
    return [
        NewContact(f"P{n}@x.co", f"p{n}@x.co", {"n": str(n)}, ("t",)) for n in range(first, last)
    ]


def test_lists_have_sizes_and_unions_have_each_contact_once(database: Database) -> None:
    contacts = Contacts(database)
    contacts.add(people(0, 30), list_name="a", now=1)
    added = contacts.add(people(20, 50), list_name="b", now=2)
    assert (added.imported, added.unchanged, added.joined) == (20, 10, 30)
    assert [(each.name, each.contacts) for each in contacts.lists()] == [("a", 30), ("b", 30)]
    assert contacts.audience_size(["a"]) == 30
    assert contacts.audience_size(["a", "b"]) == contacts.audience_size(["b", "a", "b"]) == 50


@pytest.mark.parametrize("names", [["a"], ["b"], ["a", "b"], ["b", "c", "a"]])
def test_an_audience_comes_in_pages_by_id(database: Database, names: list[str]) -> None:
    contacts = Contacts(database)
    contacts.add(people(0, 30), list_name="a", now=1)
    contacts.add(people(20, 50), list_name="b", now=1)
    contacts.add(people(5, 6), list_name="c", now=1)
    pages = list(contacts.iter_audience(names, batch=7))
    members = [member for page in pages for member in page]
    assert len(members) == contacts.audience_size(names)
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
        contacts.audience_size(["none"])
    with pytest.raises(NotFoundError):
        next(contacts.iter_audience(["none"]))
