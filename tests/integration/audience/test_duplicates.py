"""Contacts that share a mailbox, on both engines."""

import pytest

from sestui.audience.duplicates import shared_mailboxes
from sestui.core.delivery.states import Standing
from sestui.store.db.database import Database
from tests.support.seeding import add_contacts, suppress

FRIENDS = [
    "Ada.Lovelace@gmail.com",
    "adalovelace+news@googlemail.com",
    "a.dalovelace@gmail.com",
    "adalovelace@outlook.com",
    "ada.lovelace@outlook.com",
    "bob+a@outlook.com",
    "bob+b@outlook.com",
    "bob@proton.me",
    "cid+a@example.org",
    "cid+b@example.org",
    "+x@gmail.com",
]


def test_they_are_found_by_their_provider_s_rules(database: Database) -> None:
    add_contacts(database, FRIENDS, "all")
    add_contacts(database, ["bob@outlook.com"], "other", status="unsubscribed")
    suppress(database, "a.dalovelace@gmail.com")
    found = {
        each.address: {contact.email: contact.standing for contact in each.contacts}
        for each in shared_mailboxes(database)
    }
    assert found == {
        "adalovelace@gmail.com": {
            "Ada.Lovelace@gmail.com": Standing.ACTIVE,
            "adalovelace+news@googlemail.com": Standing.ACTIVE,
            "a.dalovelace@gmail.com": Standing.SUPPRESSED,
        },
        "bob@outlook.com": {
            "bob+a@outlook.com": Standing.ACTIVE,
            "bob+b@outlook.com": Standing.ACTIVE,
            "bob@outlook.com": Standing.UNSUBSCRIBED,
        },
    }
    assert [len(each.contacts) for each in shared_mailboxes(database, "all")] == [3, 2]
    assert list(shared_mailboxes(database, "other")) == []


@pytest.mark.long
@pytest.mark.ci
def test_all_of_many_are_met_once(database: Database) -> None:
    """More than a batch of addresses, and of groups."""
    people = [f"p{number}{tag}@gmail.com" for number in range(5_500) for tag in ("", "+x")]
    add_contacts(database, people, "all")
    for name in (None, "all"):
        found = list(shared_mailboxes(database, name))
        assert len(found) == len({each.address for each in found}) == 5_500
        assert {len(each.contacts) for each in found} == {2}
