"""Our suppressions and the list of the simulated account, made to agree over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sestui.core.contact.conflict_policy import OnConflict
from sestui.errors import StoppedError
from sestui.feedback.suppression_sync import SuppressionSync, SyncResult
from sestui.ses import suppression_list
from sestui.ses.suppression_list import SuppressionList
from sestui.store.contacts.changes.bulk import Suppress, change_selected
from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.listed_suppressions import ListedSuppressions
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.contacts.upsert import ContactRow
from sestui.store.db.database import Database
from tests.support.clocks import FakeClock
from tests.support.reported import pull
from tests.support.ses_events import ses_event
from tests.support.workspaces import World

NOW = 1_800_000_000.0


class Sides:
    """Both lists, and the sync between them."""

    def __init__(self, database: Database, world: World) -> None:
        self.database, self.world = database, world
        self.here = Suppressions(database)
        self.contacts = Contacts(database)
        self.clock = FakeClock(NOW)
        self.stop = threading.Event()
        self.clients = world.runtime().ses.clients
        self.listed = ListedSuppressions(database, "simulator")
        self.steps: list[tuple[str, str, str]] = []

    def list_at_ses(self, *addresses: str, reason: str = "BOUNCE") -> None:
        for address in addresses:
            self.clients.sesv2.put_suppressed_destination(EmailAddress=address, Reason=reason)

    def at_ses(self) -> dict[str, str]:
        said = self.clients.sesv2.list_suppressed_destinations()
        return {
            each["EmailAddress"]: each["Reason"] for each in said["SuppressedDestinationSummaries"]
        }

    def all_here(self) -> dict[str, str]:
        with self.database.read_connection() as connection:
            rows = connection.exec_driver_sql("SELECT email_key, reason FROM suppression")
            return {str(key): str(reason) for key, reason in rows}

    def do(self, word: str, address: str) -> None:
        """``there``, ``not there``, ``there again``, ``not here``, ``here REASON``."""
        if word == "there":
            self.list_at_ses(address)
        elif word == "not there":
            self.clients.sesv2.delete_suppressed_destination(EmailAddress=address)
        elif word == "there again":
            with self.world.account.changing() as connection:
                connection.execute(
                    "UPDATE suppression SET updated_at = updated_at + 60 WHERE address = ?",
                    (address,),
                )
        elif word.startswith("file "):
            more = json.dumps({"no_contact": True, "suppressed": word.removeprefix("file ")})
            self.contacts.apply(
                [[ContactRow(address, address, "{}", "[]", 2, more)]],
                list_names=(),
                now=NOW,
                on_conflict=OnConflict.SKIP,
                replace_tags=False,
            )
        elif word == "marked":
            self.contacts.add([NewContact(address, address)], list_name="all", now=NOW)
            contact = self.contacts.get(address)
            assert contact is not None
            change_selected(self.database, Selection(ids=(contact.id,)), Suppress(""), NOW)
        elif word == "reported":
            pull(self.database, self.clock, [ses_event("Bounce", address, mailed_at=NOW)])
        elif word == "not here":
            assert self.here.remove(address, NOW)
        else:
            self.here.add(address, word.removeprefix("here "), "", NOW)

    def sync(self, *, dry_run: bool = False, remove: bool = False) -> SyncResult:
        self.steps = []
        ses = SuppressionList(self.clients, self.clock, simulated=False, stop=self.stop)
        return SuppressionSync(ses, self.listed, self.here, self.clock).run(
            dry_run=dry_run,
            remove=remove,
            on_step=lambda step, address, reason: self.steps.append((step.value, address, reason)),
        )


@pytest.fixture
def sides(database: Database, tmp_path: Path) -> Iterator[Sides]:
    with closing(World(tmp_path / "world", simulator_latency=0)) as world:
        yield Sides(database, world)


def test_each_side_gets_what_the_other_has_added(sides: Sides) -> None:
    sides.list_at_ses("Ada@example.com")
    sides.list_at_ses("bob@example.com", reason="COMPLAINT")
    sides.here.add("eve@example.com", "bounced", "", NOW)
    sides.here.add("dan@example.com", "manual", "", NOW)
    sides.here.add("@example.net", "bounced", "", NOW)
    planned = sides.sync(dry_run=True)
    told = sorted(sides.steps)
    assert sides.here.get("ada@example.com") is None
    assert "eve@example.com" not in sides.at_ses()

    result = sides.sync()
    assert result == planned
    assert (
        sorted(sides.steps)
        == told
        == [
            ("added at SES", "eve@example.com", "bounced"),
            ("added here", "ada@example.com", "bounced"),
            ("added here", "bob@example.com", "complained"),
        ]
    )
    ada = sides.here.get("ada@example.com")
    assert ada is not None
    assert (ada.reason, ada.detail) == ("bounced", "on SES's suppression list")
    assert sides.at_ses() == {
        "ada@example.com": "BOUNCE",
        "bob@example.com": "COMPLAINT",
        "eve@example.com": "BOUNCE",
    }
    again = sides.sync()
    assert (again.added_here, again.added_there, sides.steps) == (0, 0, [])
    sides.list_at_ses("new@example.com")
    assert (sides.sync().added_here, sides.here.get("new@example.com") is not None) == (1, True)


def test_what_one_side_removes_stays_on_the_other_unless_told(sides: Sides) -> None:
    sides.list_at_ses("ada@example.com", "bob@example.com", "eve@example.com")
    sides.sync()
    sides.here.remove("ada@example.com", NOW)
    sides.clients.sesv2.delete_suppressed_destination(EmailAddress="bob@example.com")
    kept = sides.sync()
    assert (kept.kept, sides.steps) == (1, [])
    assert sides.here.get("ada@example.com") is None
    assert sides.here.get("bob@example.com") is not None
    assert "ada@example.com" in sides.at_ses()

    told = sides.sync(remove=True)
    assert (told.removed_here, told.removed_there, told.kept) == (1, 1, 0)
    assert sides.here.get("bob@example.com") is None
    assert sides.at_ses() == {"eve@example.com": "BOUNCE"}
    assert sides.here.get("eve@example.com") is not None


SIDES = {
    # Who was suppressed here, and listed at SES, before a first sync; what was done then; and the
    # step that the next sync takes, without and with removals.
    "bounced here since": ((), ("here bounced",), "added at SES", "added at SES"),
    "listed at SES since": ((), ("there",), "added here", "added here"),
    "suppressed by hand since": ((), ("here manual",), "", ""),
    "by hand, and listed at SES since": (("here manual",), ("there",), "", ""),
    "on both sides of old": (("here bounced", "there"), (), "", ""),
    "from SES, where it is off now": (("there",), ("not there",), "", "removed here"),
    "from SES, and released here": (("there",), ("not here",), "", "removed at SES"),
    "from SES, and released on both sides": (("there",), ("not there", "not here"), "", ""),
    "from SES, released here, and listed anew": (
        ("there",), ("not here", "there again"), "added here", "added here",
    ),
    "from SES, released here, and by hand again": (
        ("there",), ("not here", "here manual"), "", "",
    ),
    "from SES, released here, by hand again, off at SES": (
        ("there",), ("not here", "here manual", "not there"), "", "",
    ),
    "from here, and off at SES": (("here bounced",), ("not there",), "", "removed here"),
    "from here, and released here": (("here bounced",), ("not here",), "", "removed at SES"),
    "from here, and released on both sides": (
        ("here bounced",), ("not here", "not there"), "", "",
    ),
    "by hand and listed, and off at SES": (("here manual", "there"), ("not there",), "", ""),
    "by hand, then bounced, and off at SES": (
        ("here manual", "reported"), ("not there",), "", "",
    ),
    "from SES, then by hand, and off at SES": (
        ("there",), ("here manual", "not there"), "", "",
    ),
    "from SES, then by a file, and off at SES": (
        ("there",), ("file manual", "not there"), "", "",
    ),
    "from SES, then bounced by a file, and off at SES": (
        ("there",), ("file bounced", "not there"), "", "removed here",
    ),
    "from SES, then marked and suppressed, and off at SES": (
        ("there",), ("marked", "not there"), "", "",
    ),
    "by hand and listed, and released here": (
        ("here manual", "there"), ("not here",), "", "removed at SES",
    ),
}  # fmt: skip


@pytest.mark.parametrize("remove", [False, True])
def test_who_added_what_and_who_released_it(sides: Sides, remove: bool) -> None:
    """Every case is an address of its own; a dry run tells the same, and changes nothing."""
    address = {name: f"case{number}@example.com" for number, name in enumerate(SIDES)}
    for name, (before, _, _, _) in SIDES.items():
        for word in before:
            sides.do(word, address[name])
    sides.sync()
    for name, (_, since, _, _) in SIDES.items():
        for word in since:
            sides.do(word, address[name])
    expected = sorted(
        (step, address[name]) for name, (_, _, *steps) in SIDES.items() if (step := steps[remove])
    )
    lists = sides.all_here(), sides.at_ses()
    planned = sides.sync(dry_run=True, remove=remove)
    told = sorted((step, of) for step, of, _ in sides.steps)
    assert told == expected
    assert (sides.all_here(), sides.at_ses()) == lists
    assert sides.sync(remove=remove) == planned
    assert sorted((step, of) for step, of, _ in sides.steps) == expected
    here, there = sides.all_here(), sides.at_ses()
    for name, (before, since, *_) in SIDES.items():
        words = [*before, *since]
        if {"here manual", "file manual", "marked"} & set(words) and words[-1] != "not here":
            assert address[name] in here, name
    assert sides.sync(remove=remove).kept == planned.kept
    assert sides.steps == []
    assert (sides.all_here(), sides.at_ses()) == (here, there)


def test_ses_is_asked_once_a_second(sides: Sides) -> None:
    for number in range(5):
        sides.here.add(f"a{number}@example.com", "bounced", "", NOW)
    before = sides.clock.monotonic()
    assert sides.sync().added_there == 5
    assert sides.clock.monotonic() - before == 5.0  # a page and five entries


def test_one_that_is_stopped_is_gone_on_with(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression_list, "PAGE", 2)
    names = [f"a{number}@example.com" for number in range(5)]
    sides.list_at_ses(*names)
    sides.here.add("z@example.com", "complained", "", NOW)

    def stop_after_two(*_: object) -> None:
        if len(sides.steps) == 2:
            sides.stop.set()

    ses = SuppressionList(sides.clients, sides.clock, simulated=False, stop=sides.stop)
    sync = SuppressionSync(ses, sides.listed, sides.here, sides.clock)

    def note(step: object, address: str, reason: str) -> None:
        sides.steps.append((str(step), address, reason))
        stop_after_two()

    with pytest.raises(StoppedError):
        sync.run(dry_run=False, remove=False, on_step=note)
    assert [each for each in names if sides.here.get(each)] == names[:2]
    sides.stop.clear()
    result = sides.sync()
    assert (result.listed, result.added_here, result.added_there) == (3, 3, 1)
    assert all(sides.here.get(each) for each in names)
    assert sides.listed.progress()["since"] is not None


def test_an_operator_s_release_is_not_undone_by_the_next_sync(sides: Sides) -> None:
    sides.list_at_ses("ada@example.com")
    sides.sync()
    sides.here.remove("ada@example.com", NOW)
    sides.sync(remove=False)
    assert sides.here.get("ada@example.com") is None
    assert sides.listed.released_here() == ["ada@example.com"]


def test_what_ses_takes_for_no_address_holds_up_nobody_else(sides: Sides) -> None:
    for address in ("a b@example.com", "ada@example.com", "zoe@example.com"):
        sides.here.add(address, "bounced", "", NOW)
    result = sides.sync()
    assert set(sides.at_ses()) == {"ada@example.com", "zoe@example.com"}
    assert (result.added_there, result.refused_there) == (2, 1)
    assert ("refused by SES", "a b@example.com", "bounced") in sides.steps
    assert "does not take 1 as address" in result.sentence(dry_run=False)
