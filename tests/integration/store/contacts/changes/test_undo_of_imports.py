"""Imports undone: everything is as it was, but for what something else depends on by then."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.audience.imports.suppress_file import suppress_file
from sestui.audience.migrate.migrate import migrate
from sestui.audience.migrate.sendy import TOOL, WANTED, Sendy
from sestui.audience.migrate.sql_dump import read_dump
from sestui.audience.migrate.tables import Tables
from sestui.core.contact.address_check import Address
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.delivery.states import MANUAL, ContactStatus
from sestui.core.delivery.unsubscribe_token import LinkSubject
from sestui.errors import ConflictError, NotFoundError, StateError, UsageError
from sestui.store.contacts.changes.bulk import Join, Leave, Suppress, Tag, Untag, change_selected
from sestui.store.contacts.changes.edits import ContactEdits, ContactFields
from sestui.store.contacts.changes.journal import UNDO_SECONDS, changes, forget_batch, last_change
from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.filters import ContactFilter, ContactFilters
from sestui.store.contacts.key_queries import Which
from sestui.store.contacts.listed_suppressions import ListedAddress, ListedSuppressions
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.erasure.erasure import erase
from sestui.store.web.preferences import Chosen, Preferences, ReceivedChoice
from tests.support.migrations import FOLDER
from tests.support.seeding import make_campaign, rows_of, start_run

NOW = 1_764_351_842.123_457
"""As precise as a real clock."""

TABLES = {
    "contact": "SELECT email, attributes, tags, status, status_reason, created_at, updated_at,"
    " paused_until FROM contact",
    "list": "SELECT name, created_at FROM contact_list",
    "membership": "SELECT name, email, joined_at FROM membership"
    " JOIN contact_list ON contact_list.id = list_id JOIN contact ON contact.id = contact_id",
    "refusal": "SELECT name, email, at FROM list_refusal"
    " JOIN contact_list ON contact_list.id = list_id JOIN contact ON contact.id = contact_id",
    "suppression": "SELECT email_key, reason, detail, created_at, kept FROM suppression",
    "filter": "SELECT name, list_name FROM saved_filter",
}


def everything(database):
    """All that a change of contacts or lists may touch, whatever numbers the rows have."""

    def plain(value):
        return json.loads(value) if isinstance(value, str) and value[:1] in {"[", "{"} else value

    with database.read_connection() as connection:
        return {
            name: sorted(
                ([plain(each) for each in row] for row in connection.execute(sql(query))), key=repr
            )
            for name, query in TABLES.items()
        }


class Scene:
    """One database, its time, and files to import."""

    def __init__(self, database, folder):
        self.database = database
        self.folder = folder
        self.now = NOW

    def tick(self):
        self.now += 1.0
        return self.now

    def file(self, *rows, head="email,name,tags,status"):
        path = self.folder / "people.csv"
        path.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
        return path

    def take(self, *rows, on_conflict=OnConflict.UPDATE, lists=("all",)):
        """Import these rows; returns the result."""
        options = ImportOptions(lists, on_conflict=on_conflict)
        return import_contacts(self.database, self.file(*rows), options, now=self.tick())

    def suppress(self, *rows, head="email,reason"):
        return suppress_file(self.database, self.file(*rows, head=head), now=self.tick())

    def undo(self, change=None, **how):
        return undo_change(self.database, self.tick(), change, **how)

    def contact(self, name):
        return Contacts(self.database).get(f"{name}@example.com")

    def everything(self):
        return everything(self.database)


@pytest.fixture
def scene(database, tmp_path):
    """a, b and c are on the list all since before anything was noted."""
    scene = Scene(database, tmp_path)
    scene.take("a@example.com,Ann,old,", "b@example.com,Bob,,", "c@example.com,Cyd,,")
    with database.write_connection() as connection:
        for table in ("contact_change_row", "contact_change"):
            connection.execute(sql(f"DELETE FROM {table}"))
    return scene


@pytest.mark.parametrize("policy", OnConflict)
def test_an_import_is_undone_to_what_was(scene, policy):
    before = scene.everything()
    result = scene.take(
        "A@example.com,Anna,old new,",
        "b@example.com,,vip,",
        "c@example.com,Cyd,,",
        "new@example.com,Nora,vip,",
        "newer@example.com,Noah,,",
        on_conflict=policy,
        lists=("all", "fresh"),
    )
    assert (result.imported, result.updated > 0) == (2, policy is not OnConflict.SKIP)
    [change] = changes(scene.database, scene.now)
    assert change.id == result.change
    assert change.said.startswith("Imported people.csv into all, fresh: 2 new")
    after = scene.everything()
    would = scene.undo(dry_run=True)
    assert scene.everything() == after
    done = scene.undo()
    assert done == would
    assert scene.everything() == before
    assert done.notes[0].startswith("2 of 2 new contacts removed, ")
    assert done.figures["removed"] == 2
    with pytest.raises(ConflictError, match="undone already"):
        scene.undo(change.id)
    with pytest.raises(StateError, match="nothing to undo"):
        scene.undo()
    assert scene.take("new@example.com,Nora,,").imported == 1


def test_an_import_that_only_adds_to_a_list_is_undone_too(scene):
    before = scene.everything()
    assert scene.take("a@example.com,,,", lists=("second",)).change is not None
    assert scene.take("a@example.com,,,", lists=("second",)).change is None, "it changes nothing"
    assert scene.undo().notes == ["1 list membership undone."]
    assert scene.everything() == before


LEFT = (
    "a@example.com,Ann,,unsubscribed",
    "b@example.com,,,bounced",
    "new@example.com,,,unsubscribed",
    "worse@example.com,,,complained",
    "fine@example.com,,,active",
)


def test_refusals_that_a_file_told_of_stay_unless_they_are_to_be_forgotten(scene):
    before = scene.everything()
    scene.take(*LEFT)
    would = scene.undo(dry_run=True)
    assert would.refusals == 4
    assert "4 refusals of mail that the file told of kept" in would.sentence
    assert scene.undo(dry_run=True, forget_refusals=True).refusals == 4
    scene.undo()
    assert [scene.contact(name).status for name in ("a", "b", "new", "worse")] == [
        "unsubscribed"
    ] * 4
    assert scene.contact("fine") is None
    assert {each[0]: each[1] for each in scene.everything()["suppression"]} == {
        "b@example.com": "bounced",
        "worse@example.com": "complained",
    }
    assert [each[1] for each in scene.everything()["membership"]] == [
        f"{name}@example.com" for name in "abc"
    ]
    assert scene.everything() != before


def test_forgotten_refusals_leave_no_trace(scene):
    Suppressions(scene.database).add("c@example.com", "unsubscribed", "by itself", NOW)
    before = scene.everything()
    scene.take(*LEFT, "c@example.com,,,complained")
    assert scene.undo(forget_refusals=True).refusals == 5
    assert scene.everything() == before


def test_what_was_refused_since_is_never_forgotten(scene):
    scene.suppress("a@example.com,", "x@example.com,", "y@example.com,bounced", "z@example.com,")
    with scene.database.write_connection() as connection:  # x by its own word, z by SES's
        connection.execute(
            sql("UPDATE suppression SET kept = TRUE WHERE email_key = 'x@example.com'")
        )
        connection.execute(
            sql(
                "UPDATE suppression SET reason = 'complained', created_at = created_at + 1"
                " WHERE email_key = 'z@example.com'"
            )
        )
    scene.undo(forget_refusals=True)
    left = {row[0]: row[1] for row in scene.everything()["suppression"]}
    assert left == {"x@example.com": MANUAL, "z@example.com": "complained"}


def test_a_file_of_suppressions_is_undone(scene):
    suppressions = Suppressions(scene.database)
    suppressions.add("a@example.com", "bounced", "550", NOW)
    suppressions.add("b@example.com", MANUAL, "asked", NOW)
    before = scene.everything()
    scene.suppress("a@example.com,", "b@example.com,", "new@example.com,", "example.org,")
    assert suppressions.get("a@example.com").kept
    done = scene.undo()
    assert (done.figures["suppressions"], done.refusals) == (3, 0)
    assert scene.everything() == before


def test_a_migration_is_undone_but_for_its_drafts_and_who_had_left(scene):
    before = scene.everything()

    def take():
        with Tables(TOOL, "sendy.sql", WANTED) as tables:
            read_dump(FOLDER / "sendy.sql", tables)
            migrate(scene.database, Sendy(tables), now=scene.tick())

    take()
    done = scene.undo()
    assert done.refusals > 0
    assert any(note.startswith("The list ") for note in done.notes), "a draft names it"
    after = scene.everything()
    refusing = {email for _, email, _ in after["refusal"]}
    new = [row for row in after["contact"] if row not in before["contact"]]
    assert new
    assert all(row[3] == "unsubscribed" or row[0] in refusing for row in new)
    with scene.database.write_connection() as connection:
        connection.execute(sql("DELETE FROM campaign"))
        connection.execute(sql("DELETE FROM contact WHERE email NOT LIKE '_@example.com'"))
        connection.execute(sql("DELETE FROM contact_list WHERE name <> 'all'"))
        connection.execute(sql("DELETE FROM suppression"))
    assert scene.everything() == before
    take()
    scene.undo(forget_refusals=True)
    after = scene.everything()
    assert (after["contact"], after["suppression"]) == (before["contact"], before["suppression"])


def mailed(scene, *names):
    """They have got mail of a campaign."""
    emails = tuple(f"{name}@example.com" for name in names)
    fields = ImportOptions(("mailed",))
    import_contacts(scene.database, scene.file(*emails, head="email"), fields, now=scene.tick())
    campaign = make_campaign(scene.database, lists=("mailed",))
    return start_run(scene.database, campaign, scene.tick())


def chosen(scene, run, name, choice):
    [row] = [each for each in rows_of(scene.database, run.id) if each.email[0] == name]
    subject = LinkSubject(row.id, row.email)
    received = ReceivedChoice(subject, Chosen(choice, Source.PAGE), scene.tick())
    Preferences(scene.database).choose([received])


def test_what_something_depends_on_stays_and_is_counted(scene):
    result = scene.take(*(f"{name}@example.com,,," for name in "defghijklm"), lists=("in",))
    mailed(scene, "d")
    edits, one = ContactEdits(scene.database), scene.contact("e")
    fields = ContactFields({"city": "Oslo"}, [], ContactStatus.ACTIVE, "")
    edits.save(one.id, fields, scene.tick(), seen=one.updated_at)
    ids = (scene.contact("f").id,)
    change_selected(scene.database, Selection(ids=ids), Join("mine"), scene.tick())
    change_selected(scene.database, Selection(ids=ids), Tag("vip"), scene.tick())
    page = [ListedAddress("g@example.com", "bounced", scene.now)]
    ListedSuppressions(scene.database, "account").take(page, 1, scene.tick(), {})
    with scene.database.write_connection() as connection:  # as an event of SES's
        connection.execute(
            sql(
                "UPDATE contact SET status = 'unsubscribed', updated_at = 1"
                " WHERE email = 'h@example.com'"
            )
        )
    erase(scene.database, Address("i@example.com", "i@example.com"), scene.tick())
    done = scene.undo(result.change, forget_refusals=True)
    assert done.figures["removed"] == 4
    assert "1 of them stays, as a run has it." in done.notes
    assert "4 of them have been changed since and stay as they are." in done.notes
    assert "1 of them is no longer a contact." in done.notes
    left = {row[0][0] for row in scene.everything()["contact"]}
    assert left == set("abc") | set("defgh")
    assert scene.contact("h").status == "unsubscribed"
    assert "in" not in {row[0] for row in scene.everything()["membership"]}
    assert Suppressions(scene.database).get("g@example.com").reason == "bounced"


def test_a_choice_on_the_page_stays(scene):
    result = scene.take("d@example.com,,,", "e@example.com,,,", lists=("mailed",))
    run = mailed(scene, "d", "e")
    chosen(scene, run, "d", ReaderChoice.ALL)
    chosen(scene, run, "e", ReaderChoice.LISTS)
    before = scene.everything()
    scene.undo(result.change, forget_refusals=True)
    after = scene.everything()
    assert (after["contact"], after["refusal"]) == (before["contact"], before["refusal"])
    assert {row[0] for row in after["membership"]} == {"all"}


def test_who_is_changed_by_an_import_and_says_no_since_stays_so(scene):
    scene.take("a@example.com,Anna,,")
    run = mailed(scene, "a")
    chosen(scene, run, "a", ReaderChoice.ALL)
    [_, first] = changes(scene.database, scene.now)
    done = scene.undo(first.id, forget_refusals=True)
    assert scene.contact("a").status == "unsubscribed"
    assert "1 of them has been changed since and stays as it is." in done.notes


def test_an_added_contact_takes_its_list_along_and_a_mailed_one_stays(scene):
    before, edits = scene.everything(), ContactEdits(scene.database)
    edits.add(Address("x@example.com", "x@example.com"), {}, scene.tick(), list_name="just made")
    scene.undo()
    assert scene.everything() == before
    edits.add(Address("x@example.com", "x@example.com"), {}, scene.tick(), list_name="just made")
    [added] = changes(scene.database, scene.now)
    mailed(scene, "x")
    with pytest.raises(StateError, match="changed or mailed since"):
        scene.undo(added.id)


def test_what_suppressing_by_hand_has_kept_is_kept_no_more(scene):
    suppressions = Suppressions(scene.database)
    suppressions.add("a@example.com", "bounced", "550", NOW)
    before = scene.everything()
    change_selected(scene.database, Selection(), Suppress("asked"), scene.tick())
    assert suppressions.get("a@example.com").kept
    scene.undo()
    assert scene.everything() == before
    suppressions.add("a@example.com", MANUAL, "asked", scene.tick())
    assert suppressions.get("a@example.com").kept
    scene.undo()
    assert scene.everything() == before


def test_who_had_left_a_list_has_left_it_again(scene):
    run = mailed(scene, "a", "b")
    chosen(scene, run, "a", ReaderChoice.LISTS)
    ContactFilters(scene.database).save(ContactFilter("f", Which("mailed"), ""), scene.tick())
    with scene.database.write_connection() as connection:
        connection.execute(sql("UPDATE run SET state = 'done'"))
    lists, one = ContactLists(scene.database), scene.contact("a")
    for change in (
        lambda: lists.merge("mailed", "all", scene.tick()),
        lambda: lists.rename("mailed", "sent", scene.tick()),
        lambda: ContactEdits(scene.database).change_lists(
            one.id, join=["mailed"], leave=[], now=scene.tick()
        ),
    ):
        before = scene.everything()
        assert len(before["refusal"]) == 1
        change()
        assert scene.everything() != before
        scene.undo()
        assert scene.everything() == before


def test_what_is_too_old_is_refused_and_cleared_away_in_batches(scene):
    result = scene.suppress(*(f"x{number}@example.com," for number in range(10)))
    scene.now += UNDO_SECONDS + 1
    with pytest.raises(NotFoundError, match="no change"):
        scene.undo(result.change)
    gone = []
    while found := forget_batch(scene.database, scene.now, 4):
        gone.append(found)
    assert gone == [5, 5, 1]


# anything, in any order


def names(chance, count=3):
    return [chance.choice("abcdefghijkl") for _ in range(count)]


def imported(scene, chance):
    statuses = ["", "", "active", "unsubscribed", "bounced", "complained"]
    rows = [
        f"{name}@example.com,{chance.choice(['', 'Ann', 'Bea'])},{chance.choice(['', 'x', 'y z'])},"
        f"{chance.choice(statuses)}"
        for name in names(chance, 5)
    ]
    lists = chance.sample(["all", "one", "two", "three"], chance.choice([1, 2]))
    scene.take(*rows, on_conflict=chance.choice(list(OnConflict)), lists=lists)


def suppressed(scene, chance):
    reasons = ["", "bounced", "complained", "unsubscribed"]
    scene.suppress(*(f"{each}@example.com,{chance.choice(reasons)}" for each in names(chance)))


def in_bulk(scene, chance):
    some = [scene.contact(name) for name in names(chance, 6)]
    selection = Selection(ids=tuple({each.id for each in some if each is not None}))
    name = chance.choice(["all", "one", "two", "new"])
    kinds = [Tag("x"), Tag("y"), Untag("x"), Join(name), Leave(name), Suppress("asked")]
    change_selected(scene.database, selection, chance.choice(kinds), scene.tick())


def edited(scene, chance):
    one = scene.contact(chance.choice("abc"))
    fields = ContactFields({"n": chance.random()}, ["x", "q"], ContactStatus.ACTIVE, "")
    edits = ContactEdits(scene.database)
    if chance.random() < 0.5:
        edits.save(one.id, fields, scene.tick(), seen=one.updated_at)
    else:
        edits.change_lists(one.id, join=["one", "new"], leave=["all"], now=scene.tick())


def by_hand(scene, chance):
    email = f"{chance.choice('abcdefghijkl')}@example.com"
    suppressions = Suppressions(scene.database)
    kind = chance.randrange(3)
    if kind == 0:
        suppressions.add(email, MANUAL, "asked", scene.tick())
    elif kind == 1:
        suppressions.remove(email, scene.tick())
    else:
        address = Address(email, email)
        ContactEdits(scene.database).add(address, {}, scene.tick(), list_name="two")


def of_lists(scene, chance):
    lists = ContactLists(scene.database)
    one, other = chance.sample(["all", "one", "two", "three", "new"], 2)
    kind = chance.choice([lists.merge, lists.rename])
    if chance.random() < 0.3:
        lists.delete(one, scene.tick())
    else:
        kind(one, other, scene.tick())


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_done_is_undone_step_by_step(scene, seed):
    chance = random.Random(seed)
    kinds = [imported, imported, suppressed, in_bulk, in_bulk, edited, by_hand, of_lists]
    states = []
    for _ in range(14):
        before, last = scene.everything(), last_change(scene.database, scene.now)
        try:
            chance.choice(kinds)(scene, chance)
        except (StateError, NotFoundError, UsageError):
            continue  # there is no such list, or there is one already
        change = last_change(scene.database, scene.now)
        if change is None or change == last:
            assert scene.everything() == before, "whatever changes anything can be undone"
            continue
        states.append((change, before))
    assert len(states) > 5
    for change, before in reversed(states):
        undo_change(scene.database, scene.now, forget_refusals=True)
        assert scene.everything() == before, change.said


KILLED = """
import sys
from pathlib import Path
from sqlalchemy import event
from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.db.database import Database
database = Database(sys.argv[1])
@event.listens_for(database.engine, "after_cursor_execute")
def after(connection, cursor, statement, parameters, context, executemany):
    if sys.argv[2] in statement:
        print("half", flush=True)
        sys.stdin.read()
if len(sys.argv) > 3:
    import_contacts(database, Path(sys.argv[3]), ImportOptions(["all"]), now=1_800_000_000.0)
else:
    undo_change(database, 1_764_351_999.0)
"""


def killed_after(scene, *arguments):
    """Run it in a process that is killed once it has made that statement."""
    url = scene.database.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "half\n"
        process.kill()
        process.communicate()


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    "statement", ["DELETE FROM contact", "UPDATE contact SET", "DELETE FROM m"]
)
def test_one_that_is_killed_half_way_has_done_nothing_and_can_be_repeated(scene, statement):
    before = scene.everything()
    rows = "a@example.com,Anna,,", "new@example.com,,,"
    killed_after(scene, "INSERT INTO contact ", str(scene.file(*rows)))
    assert scene.everything() == before
    assert last_change(scene.database, scene.now) is None
    scene.take(*rows)
    after = scene.everything()
    killed_after(scene, statement)
    assert scene.everything() == after
    scene.undo()
    assert scene.everything() == before


def test_an_import_costs_no_statement_for_each_contact(scene: Scene, tmp_path: Path) -> None:
    scene.take(*(f"p{number}@example.com,,," for number in range(300)))
    with scene.database.read_connection() as connection:
        noted = connection.execute(sql("SELECT count(*) FROM contact_change_row")).scalar()
    assert noted == 0, "who is new is known by their range of ids"
