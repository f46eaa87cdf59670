"""Single contacts changed by a person, and addresses suppressed, on both engines."""

import pytest

from sestui.core.contact.address_check import Address, address_key
from sestui.core.delivery.states import ContactStatus
from sestui.errors import NotFoundError, StateError
from sestui.store.contacts.changes.edits import ContactEdits, ContactFields
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.history import ContactHistory
from sestui.store.contacts.suppressions import Suppressions

ADA = Address("Ada@example.com", "ada@example.com")
FIELDS = ContactFields({"city": "Zürich"}, ["vip"], ContactStatus.UNSUBSCRIBED, "by phone")


def test_a_contact_is_made_once(database):
    edits = ContactEdits(database)
    made = edits.add(ADA, {"name": "Ada"}, 5)
    contact = Contacts(database).get("ada@example.com")
    assert contact is not None
    assert (contact.id, contact.email, contact.status) == (made, "Ada@example.com", "active")
    with pytest.raises(StateError, match="already a contact"):
        edits.add(ADA, {}, 6)


def test_all_fields_are_saved_unless_somebody_else_was_quicker(database):
    edits, contacts = ContactEdits(database), Contacts(database)
    contact_id = edits.add(ADA, {"name": "Ada"}, 5)
    edits.save(contact_id, FIELDS, 7, seen=5)
    contact = contacts.get("ada@example.com")
    assert contact is not None
    assert (contact.attributes, contact.tags) == ({"city": "Zürich"}, ["vip"])
    assert (contact.status, contact.status_reason) == ("unsubscribed", "by phone")
    assert (contact.created_at, contact.updated_at) == (5, 7)
    with pytest.raises(StateError, match="in the meantime"):
        edits.save(contact_id, FIELDS, 8, seen=5)
    with pytest.raises(NotFoundError):
        edits.save(contact_id + 1, FIELDS, 8, seen=5)


def test_lists_are_joined_and_left(database):
    edits, history = ContactEdits(database), ContactHistory(database)
    contact_id = edits.add(ADA, {}, 5)
    edits.change_lists(contact_id, join=["b", "a"], leave=[], now=6)
    assert [(each.name, each.at) for each in history.lists(contact_id)] == [("a", 6), ("b", 6)]
    edits.change_lists(contact_id, join=["a", "c"], leave=["b", "none"], now=9)
    assert [(each.name, each.at) for each in history.lists(contact_id)] == [("a", 6), ("c", 9)]
    assert [(each.name, each.contacts) for each in Contacts(database).lists()] == [
        ("a", 1),
        ("b", 0),
        ("c", 1),
    ]
    with pytest.raises(NotFoundError):
        edits.change_lists(contact_id + 1, join=["a"], leave=[], now=9)


def test_an_address_is_suppressed_once_and_released_once(database):
    suppressions = Suppressions(database)
    key = address_key("ADA@example.com")
    assert suppressions.get(key) is None
    assert suppressions.add(key, "manual", "asked us", 3)
    assert not suppressions.add(key, "manual", "again", 4)
    found = suppressions.get(key)
    assert found is not None
    assert (found.reason, found.detail, found.created_at) == ("manual", "asked us", 3)
    assert suppressions.remove(key, 3)
    assert not suppressions.remove(key, 3)
    assert suppressions.get(key) is None
