"""Many contacts changed at once: all of them or none, and taken back as a whole."""

import subprocess
import sys
import threading

import pytest
from sqlalchemy import text as sql

from sestui.core.delivery.states import MANUAL, ContactStatus, Standing
from sestui.errors import NotFoundError, StateError, StoppedError
from sestui.store.contacts.changes import selection as selecting
from sestui.store.contacts.changes.bulk import Join, Leave, Suppress, Tag, Untag, change_selected
from sestui.store.contacts.changes.edits import ContactEdits, ContactFields
from sestui.store.contacts.changes.journal import UNDO_SECONDS, forget_batch, last_change
from sestui.store.contacts.changes.selection import Selection, count_selected
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.key_queries import Which
from sestui.store.contacts.suppressions import Suppressions
from tests.support.statements import counted

NOW = 1_000.0
HOSTILE = "[/] \u202eüñ'\"$[#]; DROP"


@pytest.fixture
def contacts(database):
    """Ten contacts on the list all, the first three on some too; one is suppressed by a bounce."""
    made = Contacts(database)
    rows = [
        NewContact(f"p{i}@example.com", f"p{i}@example.com", {"city": "Rome" if i % 2 else "Paris"})
        for i in range(10)
    ]
    made.add(rows, list_name="all", now=1)
    made.add(rows[:3], list_name="some", now=2)
    Suppressions(database).add("p0@example.com", "bounce", "550", 3)
    return made


def ids(database, *numbers):
    with database.read_connection() as connection:
        rows = dict(connection.execute(sql("SELECT email, id FROM contact")).all())
    return tuple(rows[f"p{number}@example.com"] for number in numbers)


def state(database):
    """Everything that a bulk change may touch."""
    queries = (
        "SELECT id, CAST(tags AS text) FROM contact ORDER BY id",
        "SELECT email_key, reason, detail, created_at FROM suppression ORDER BY email_key",
        "SELECT name, contact_id, joined_at FROM membership"
        " JOIN contact_list ON contact_list.id = list_id ORDER BY name, contact_id",
        "SELECT name FROM contact_list ORDER BY name",
    )
    with database.read_connection() as connection:
        found = [connection.execute(sql(query)).all() for query in queries]
    found[0] = [(number, "".join(tags.split())) for number, tags in found[0]]
    return found


ACTIONS = {
    "suppress": lambda: Suppress("asked on the phone"),
    "tag": lambda: Tag("vip"),
    "tag, hostile": lambda: Tag(HOSTILE),
    "untag": lambda: Untag("old"),
    "join": lambda: Join("some"),
    "join a new list": lambda: Join("new"),
    "leave": lambda: Leave("all"),
}


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize(
    "selection",
    [
        Selection(Which("all")),
        Selection(text="rome"),
        Selection(Which("all", Standing.ACTIVE), text="example p"),
        "ids",
        "besides",
    ],
)
def test_every_change_is_undone_to_what_was(database, contacts, name, selection, monkeypatch):
    monkeypatch.setattr(selecting, "CHUNK", 3)
    change_selected(database, Selection(ids=ids(database, 1, 2, 4)), Tag("old"), NOW)
    change_selected(database, Selection(ids=ids(database, 1)), Tag("kept"), NOW)
    if selection == "ids":
        selection = Selection(ids=(*ids(database, 0, 1, 5), 999))
    if selection == "besides":
        selection = Selection(besides=ids(database, 1, 2))
    before, action = state(database), ACTIONS[name]()
    count = count_selected(database, selection)
    changed = change_selected(database, selection, action, NOW + 1, confirmed=count)
    assert 0 < changed.changed <= changed.matched <= count
    assert state(database) != before
    assert last_change(database, NOW + 2).said == changed.said
    done = undo_change(database, NOW + 2)
    assert (done.said, done.restored, done.notes) == (changed.said, changed.changed, [])
    assert state(database) == before


def test_what_was_like_that_before_is_no_change(database, contacts):
    everybody = Selection()
    assert change_selected(database, everybody, Tag("vip"), NOW).changed == 10
    again = change_selected(database, everybody, Tag("vip"), NOW + 1)
    assert (again.matched, again.changed) == (10, 0)
    undo_change(database, NOW + 2)
    assert "vip" not in str(state(database)[0])
    with pytest.raises(StateError, match="nothing to undo"):
        undo_change(database, NOW + 3)


def test_undo_goes_back_step_by_step_and_ends_after_a_day(database, contacts):
    for number in range(3):
        change_selected(database, Selection(), Tag(f"t{number}"), NOW + number)
    assert undo_change(database, NOW + 5).said == "Tagged 10 contacts t2"
    assert undo_change(database, NOW + 6).said == "Tagged 10 contacts t1"
    assert last_change(database, NOW + UNDO_SECONDS + 5) is None
    with pytest.raises(StateError, match="nothing to undo"):
        undo_change(database, NOW + UNDO_SECONDS + 5)
    change_selected(database, Selection(), Tag("later"), NOW + 2 * UNDO_SECONDS)
    with database.read_connection() as connection:
        assert connection.execute(sql("SELECT count(*) FROM contact_change")).scalar() == 1


def test_old_changes_are_cleared_away_a_few_rows_at_a_time(database, contacts):
    change_selected(database, Selection(), Tag("vip"), NOW)
    change_selected(database, Selection(), Tag("new"), NOW + UNDO_SECONDS)
    gone = []
    while found := forget_batch(database, NOW + UNDO_SECONDS + 1, 3):
        gone.append(found)
    assert gone == [4, 4, 3]
    assert last_change(database, NOW + UNDO_SECONDS + 1).said == "Tagged 10 contacts new"
    assert undo_change(database, NOW + UNDO_SECONDS + 1).restored == 10


def test_later_changes_stay_and_are_told(database, contacts):
    change_selected(database, Selection(), Tag("vip"), NOW)
    with database.write_connection() as connection:
        connection.execute(sql("UPDATE contact SET tags = '[\"other\"]' WHERE id <= 2"))
        connection.execute(sql("DELETE FROM membership WHERE contact_id = 3"))
        connection.execute(sql("DELETE FROM contact WHERE id = 3"))
    done = undo_change(database, NOW + 1)
    assert done.restored == 7
    assert "3 of them have been changed since" in done.sentence


def test_a_suppression_by_a_complaint_or_bounce_is_never_undone(database, contacts):
    change_selected(database, Selection(), Suppress("mine"), NOW)
    assert Suppressions(database).get("p0@example.com").reason == "bounce"
    with database.write_connection() as connection:
        # SES tells of a complaint about one that the operator has suppressed.
        connection.execute(
            sql(
                "UPDATE suppression SET reason = 'complaint', created_at = 1001"
                " WHERE email_key = 'p1@example.com'"
            )
        )
    done = undo_change(database, NOW + 2)
    left = {row[0]: row[1] for row in state(database)[1]}
    assert left == {"p0@example.com": "bounce", "p1@example.com": "complaint"}
    assert done.restored == 8
    assert "1 of them is still suppressed" in done.sentence


def test_more_than_was_confirmed_is_refused_and_nothing_done(database, contacts):
    before = state(database)
    with pytest.raises(StateError, match="10 contacts match by now instead of 9"):
        change_selected(database, Selection(Which("all")), Tag("vip"), NOW, confirmed=9)
    assert state(database) == before
    assert last_change(database, NOW) is None


@pytest.mark.parametrize("name", ACTIONS)
def test_one_that_is_stopped_has_done_nothing(database, contacts, name, monkeypatch):
    monkeypatch.setattr(selecting, "CHUNK", 3)
    change_selected(database, Selection(ids=ids(database, 8)), Tag("old"), NOW)
    before = state(database)

    def stop(done, _of):
        if done >= 6:
            raise StoppedError("Stopped.")

    with pytest.raises(StoppedError):
        change_selected(database, Selection(), ACTIONS[name](), NOW + 1, on_progress=stop)
    assert state(database) == before
    assert last_change(database, NOW + 1).said == "Tagged 1 contact old"


def test_a_list_that_is_gone_is_said(database, contacts):
    with pytest.raises(NotFoundError):
        change_selected(database, Selection(Which("gone")), Tag("x"), NOW)
    with pytest.raises(NotFoundError):
        change_selected(database, Selection(), Leave("gone"), NOW)


def test_single_changes_are_undone_too(database, contacts):
    edits = ContactEdits(database)
    one = contacts.get("p4@example.com")
    before = state(database)
    fields = ContactFields({"city": "Oslo"}, ["a"], ContactStatus.UNSUBSCRIBED, "asked")
    edits.save(one.id, fields, NOW, seen=one.updated_at)
    assert undo_change(database, NOW + 1).said == "Edited p4@example.com"
    again = contacts.get("p4@example.com")
    assert (again.attributes, again.tags, again.status) == ({"city": "Paris"}, [], "active")
    edits.change_lists(one.id, join=["some", "brand new"], leave=["all"], now=NOW + 2)
    undo_change(database, NOW + 3)
    assert state(database) == before
    suppressions = Suppressions(database)
    suppressions.add("@gone.org", MANUAL, "traps", NOW + 4)
    undo_change(database, NOW + 5)
    assert suppressions.get("x@gone.org") is None
    suppressions.remove("p0@example.com", NOW + 6)
    undo_change(database, NOW + 7)
    assert state(database) == before


def test_an_edit_that_somebody_has_changed_since_is_refused(database, contacts):
    edits, one = ContactEdits(database), contacts.get("p4@example.com")
    fields = ContactFields({"city": "Oslo"}, [], ContactStatus.ACTIVE, "")
    edits.save(one.id, fields, NOW, seen=one.updated_at)
    with database.write_connection() as connection:
        connection.execute(sql("UPDATE contact SET status = 'unsubscribed'"))
    with pytest.raises(StateError, match="changed since"):
        undo_change(database, NOW + 1)
    assert contacts.get("p4@example.com").status == "unsubscribed"


def test_everybody_costs_a_bounded_number_of_statements(database, contacts):
    """No statement and no parameter for each contact."""
    with counted(database) as effort:
        change_selected(database, Selection(), Tag("vip"), NOW)
    assert effort.transactions == 1
    assert len(effort.statements) <= 8


KILLED = """
import sys
from sestui.store.contacts.changes import selection
from sestui.store.contacts.changes.bulk import Tag, Join, Suppress, Leave, change_selected
from sestui.store.db.database import Database
selection.CHUNK = 3
def told(done, of):
    if done >= 6:
        print("half", flush=True)
        sys.stdin.read()
action = {"tag": Tag("vip"), "join": Join("new"), "suppress": Suppress("x"), "leave": Leave("all")}
database = Database(sys.argv[1])
change_selected(database, selection.Selection(), action[sys.argv[2]], 1000.0, on_progress=told)
"""


@pytest.mark.parametrize("action", ["tag", "join", "suppress", "leave"])
def test_one_that_is_killed_half_way_has_done_nothing(database, contacts, action):
    before = state(database)
    url = database.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url, action],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "half\n"
        process.kill()
        process.communicate()
    assert state(database) == before
    assert last_change(database, NOW) is None
    assert change_selected(database, Selection(), ACTIONS[action](), NOW).changed > 0


def test_two_who_undo_at_once_undo_one_each_or_are_told(database, contacts):
    change_selected(database, Selection(), Tag("one"), NOW)
    change_selected(database, Selection(), Tag("two"), NOW + 1)
    expected, results = last_change(database, NOW + 2).id, []

    def undo():
        try:
            results.append(undo_change(database, NOW + 2, expected).said)
        except StateError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=undo) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["ConflictError", "Tagged 10 contacts two"]
