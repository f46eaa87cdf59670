"""Lists renamed, merged, deleted and brought back; contacts stay, what names them follows."""

import pytest

from sestui.core.task.fields import TaskFields
from sestui.errors import NotFoundError, StateError, UsageError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.tasks.tasks import Tasks
from tests.support.seeding import make_campaign

NOW = 1_000.0


@pytest.fixture
def lists(database):
    """a: 0 to 5; b: 4 to 9, the second after the first."""
    contacts = Contacts(database)
    people = [NewContact(f"p{i}@example.com", f"p{i}@example.com") for i in range(10)]
    contacts.add(people[:6], list_name="a", now=1)
    contacts.add(people[4:], list_name="b", now=2)
    return ContactLists(database)


def sizes(database):
    return {each.name: each.contacts for each in Contacts(database).lists()}


def named(database):
    return tuple(Campaigns(database).get("news").lists)


def add_task(database, *names):
    fields = TaskFields("check", "verify-contacts", "0 4 * * *", parameters={"lists": list(names)})
    Tasks(database).add(fields, NOW)


def test_a_list_is_renamed_wherever_it_is_named(database, lists):
    make_campaign(database, "news", now=NOW, lists=("a", "b"))
    add_task(database, "a")
    done = lists.rename("a", "  new   name ", NOW)
    assert sizes(database) == {"new name": 6, "b": 6}
    assert named(database) == ("new name", "b")
    assert Tasks(database).get("check").parameters == {"lists": ["new name"]}
    assert done.mentions.sentence() == "the campaign news and the task check"
    assert undo_change(database, NOW + 1).notes == []
    assert sizes(database) == {"a": 6, "b": 6}
    assert named(database) == ("a", "b")
    assert Tasks(database).get("check").parameters == {"lists": ["a"]}


def test_two_lists_become_one_without_anybody_twice(database, lists):
    make_campaign(database, "news", now=NOW, lists=("a", "b"))
    done = lists.merge("a", "b", NOW)
    assert (done.contacts, sizes(database), named(database)) == (6, {"b": 10}, ("b",))
    assert Contacts(database).count() == 10
    undone = undo_change(database, NOW + 1)
    assert (undone.restored, undone.notes) == (6, [])
    assert (sizes(database), named(database)) == ({"a": 6, "b": 6}, ("a", "b"))


def test_a_list_is_deleted_and_its_contacts_stay(database, lists):
    lists.delete("a", NOW)
    assert (sizes(database), Contacts(database).count()) == ({"b": 6}, 10)
    Contacts(database).add([NewContact("x@y.co", "x@y.co")], list_name="c", now=NOW)
    assert undo_change(database, NOW + 1).restored == 6
    assert sizes(database) == {"a": 6, "b": 6, "c": 1}


def test_a_list_that_is_named_is_not_deleted(database, lists):
    make_campaign(database, "news", now=NOW, lists=("a",))
    add_task(database, "b")
    with pytest.raises(StateError, match="named by the campaign news"):
        lists.delete("a", NOW)
    with pytest.raises(StateError, match="named by the task check"):
        lists.delete("b", NOW)
    assert sizes(database) == {"a": 6, "b": 6}


def test_what_cannot_be_is_refused_and_changes_nothing(database, lists):
    for wrong, error in (
        (lambda: lists.rename("a", "b", NOW), StateError),
        (lambda: lists.rename("a", "a", NOW), UsageError),
        (lambda: lists.rename("a", "  ", NOW), UsageError),
        (lambda: lists.rename("a", "x\x1b[31m", NOW), UsageError),
        (lambda: lists.rename("gone", "x", NOW), NotFoundError),
        (lambda: lists.merge("a", "a", NOW), UsageError),
        (lambda: lists.merge("a", "gone", NOW), NotFoundError),
        (lambda: lists.delete("gone", NOW), NotFoundError),
    ):
        with pytest.raises(error):
            wrong()
    assert sizes(database) == {"a": 6, "b": 6}
    with pytest.raises(StateError, match="nothing to undo"):
        undo_change(database, NOW)


def test_a_list_of_that_name_that_came_since_is_told(database, lists):
    lists.delete("a", NOW)
    Contacts(database).add([NewContact("x@y.co", "x@y.co")], list_name="a", now=NOW)
    with pytest.raises(StateError, match="another list 'a'"):
        undo_change(database, NOW + 1)
    assert sizes(database) == {"a": 1, "b": 6}


def test_a_campaign_that_was_edited_since_keeps_its_lists(database, lists):
    make_campaign(database, "news", now=NOW, lists=("a",))
    lists.rename("a", "c", NOW)
    make_campaign(database, "news", now=NOW + 1, lists=("c", "b"))
    done = undo_change(database, NOW + 2)
    assert "The campaign news has been changed since" in done.sentence
    assert named(database) == ("c", "b")


def test_older_changes_of_a_list_that_was_brought_back_are_undone_too(database, lists):
    lists.merge("a", "b", NOW)
    lists.delete("b", NOW + 1)
    undo_change(database, NOW + 2)
    undo_change(database, NOW + 3)
    assert sizes(database) == {"a": 6, "b": 6}
