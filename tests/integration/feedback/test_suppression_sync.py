"""Our suppressions and the list of the simulated account, made to agree over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sestui.errors import StoppedError
from sestui.feedback.suppression_sync import SuppressionSync, SyncResult
from sestui.ses import suppression_list
from sestui.ses.suppression_list import SuppressionList
from sestui.store.contacts.listed_suppressions import ListedSuppressions
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.database import Database
from tests.support.clocks import FakeClock
from tests.support.workspaces import World

NOW = 1_800_000_000.0


class Sides:
    """Both lists, and the sync between them."""

    def __init__(self, database: Database, world: World) -> None:
        self.here = Suppressions(database)
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
    assert "does not take 1 as address" in result.sentence
