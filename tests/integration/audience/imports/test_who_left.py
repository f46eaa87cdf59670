"""A file's own word on who left is heard: they are never mailed, whatever is known of them here."""

import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from sestui.audience.imports.importer import ImportOptions, ImportResult, import_contacts
from sestui.audience.imports.preview import preview
from sestui.audience.imports.statuses import FileSays, UnknownStatusError
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.states import ContactStatus
from sestui.errors import StoppedError
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact
from tests.support.clocks import FakeClock
from tests.support.seeding import PLENTY, make_campaign, open_ledger, start_run, tell_governor

NOW = 1_800_000_000.0
CASES = Path(__file__).parents[3] / "data" / "lists"
LEFT = CASES / "unsubscribed-and-cleaned-people-imported-as-active.csv"


def imported(
    database: Database,
    path: Path,
    *,
    list_names: Sequence[str] = ("all",),
    on_statuses: Callable[[FileSays], None] | None = None,
    **options: Any,
) -> ImportResult:
    chosen = ImportOptions(list_names, **options)
    return import_contacts(database, path, chosen, now=NOW, on_statuses=on_statuses)


def written(folder: Path, text: str, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def standing(database: Database, email: str) -> tuple[str, str, str]:
    """Status, its reason, and why the address is suppressed."""
    contact = Contacts(database).get(email)
    suppression = Suppressions(database).get(email)
    assert contact is not None
    return contact.status, contact.status_reason, suppression.why if suppression else ""


def mailed(database: Database) -> list[str]:
    """Whom a run for the list mails."""
    clock = FakeClock()
    tell_governor(database, PLENTY, now=clock.now())
    run_id = start_run(database, make_campaign(database), clock.now()).id
    claims = open_ledger(database, clock).exchange([], ClaimRequest(run_id, 50)).claims
    return [claim.email for claim in claims]


def test_the_unsubscribed_and_cleaned_get_no_mail(database: Database) -> None:
    heard: list[FileSays] = []
    result = imported(database, LEFT, on_statuses=heard.append)
    assert (result.contacts, result.says.unsubscribed, result.says.suppressed) == (3, 1, 1)
    assert heard == [result.says]
    assert standing(database, "ann@example.org") == ("active", "", "")
    why = f"Status: unsubscribed ({LEFT.name})"
    assert standing(database, "bob@example.org") == ("unsubscribed", why, "")
    why = f"Status: cleaned ({LEFT.name})"
    assert standing(database, "cat@example.org") == ("unsubscribed", why, f"bounced: {why}")
    assert Contacts(database).get("bob@example.org").attributes == {"first_name": "Bob"}  # type: ignore[union-attr]
    assert mailed(database) == ["ann@example.org"]


def test_mailchimps_export_of_the_unsubscribed(database: Database) -> None:
    path = CASES / "mailchimp-unsubscribed-export-imported-as-active.csv"
    result = imported(database, path)
    assert (result.says.unsubscribed, result.says.suppressed) == (1, 0)
    status, why, _ = standing(database, "bob@example.org")
    assert status == ContactStatus.UNSUBSCRIBED
    assert why == f"UNSUB_TIME: 2026-01-01 10:00:00 ({path.name})"
    assert mailed(database) == []


def test_a_files_name_is_heard(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "Email\nann@x.co\n", "cleaned_segment_export_77.csv")
    imported(database, path)
    assert standing(database, "ann@x.co")[2].startswith("bounced: file name: cleaned_segment")


@pytest.mark.parametrize("rule", list(OnConflict))
def test_who_is_active_here_and_left_there_leaves(
    database: Database, tmp_path: Path, rule: OnConflict
) -> None:
    imported(database, written(tmp_path, "Email,City\nbob@example.org,Bath\n"))
    result = imported(database, LEFT, on_conflict=rule)
    assert (result.imported, result.updated, result.unchanged) == (2, 1, 0)
    assert standing(database, "bob@example.org")[0] == ContactStatus.UNSUBSCRIBED
    kept = {"city": "Bath"} if rule is not OnConflict.REPLACE else {}
    fresh = {"first_name": "Bob"} if rule is not OnConflict.SKIP else {}
    assert Contacts(database).get("bob@example.org").attributes == {**kept, **fresh}  # type: ignore[union-attr]
    again = imported(database, LEFT, on_conflict=rule)
    assert (again.updated, again.unchanged) == (0, 3)


@pytest.mark.parametrize("all_active", [False, True])
@pytest.mark.parametrize("rule", list(OnConflict))
def test_nobody_who_left_here_comes_back_by_an_import(
    database: Database, tmp_path: Path, rule: OnConflict, all_active: bool
) -> None:
    imported(database, written(tmp_path, "Email\nann@example.org\nbob@example.org\ncat@x.co\n"))
    for status, email in (("unsubscribed", "ann@example.org"), ("invalid", "bob@example.org")):
        with database.write() as session:
            session.exec(  # type: ignore[call-overload] # sqlmodel's stubs know only select
                update(Contact)
                .where(Contact.email_key == email)  # type: ignore[arg-type]
                .values(status=status, status_reason="ours")
            )
    Suppressions(database).add("cat@x.co", "manual", "ours", 1)
    path = written(
        tmp_path, "Email,Status\nann@example.org,active\nbob@example.org,active\ncat@x.co,active\n"
    )
    imported(database, path, on_conflict=rule, all_active=all_active)
    assert standing(database, "ann@example.org") == ("unsubscribed", "ours", "")
    assert standing(database, "bob@example.org") == ("invalid", "ours", "")
    assert standing(database, "cat@x.co")[2] == "manual: ours"


def test_all_active_is_the_way_round_and_says_the_number(database: Database) -> None:
    result = imported(database, LEFT, all_active=True)
    assert result.says.gone == 2
    assert "imported as active: 2 contacts that the file says not to mail" in result.says.lines[-1]
    assert len(mailed(database)) == 3


def test_the_word_that_says_no_wins_among_rows_of_one_address(
    database: Database, tmp_path: Path
) -> None:
    rows = ["a@x.co,active", "A@x.co,unsubscribed", "a@x.co,bounced", "a@x.co,active"]
    result = imported(database, written(tmp_path, "\n".join(["Email,Status", *rows])))
    assert (result.duplicates, result.says.unsubscribed, result.says.suppressed) == (3, 0, 1)
    assert standing(database, "a@x.co")[2] == "bounced: Status: bounced (people.csv)"


def test_unknown_words_stop_everything(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "Email,Status\na@x.co,gold\nb@x.co,active\nc@x.co,silver\n")
    with pytest.raises(UnknownStatusError, match=r"Status looks like .* but gold, silver") as error:
        imported(database, path)
    for way in ("--status 'gold=unsubscribed'", "--map 'Status=NAME'", "--map 'Status=-'"):
        assert way in error.value.on_command_line()
    assert Contacts(database).count() == 0
    assert imported(database, path, all_active=True).contacts == 3


def test_nothing_is_written_when_somebody_stops_at_what_was_heard(database: Database) -> None:
    def stop(says: FileSays) -> None:
        raise StoppedError(f"{says.gone} left")

    with pytest.raises(StoppedError):
        imported(database, LEFT, on_statuses=stop)
    assert Contacts(database).count() == 0


def test_a_dry_run_counts_them_and_writes_nothing(database: Database) -> None:
    result = imported(database, LEFT, dry_run=True)
    assert (result.says.unsubscribed, result.says.suppressed) == (1, 1)
    assert Contacts(database).count() == 0
    assert Suppressions(database).get("cat@example.org") is None


def test_the_preview_shows_what_the_first_rows_say() -> None:
    seen = preview(LEFT)
    assert seen.uses == ("email", "first_name", "status")
    assert [(each.value, each.becomes, each.rows) for each in seen.statuses] == [
        ("subscribed", "active", 1),
        ("unsubscribed", "unsubscribed", 1),
        ("cleaned", "suppressed (bounced)", 1),
    ]


def test_contacts_join_every_list_that_is_named(database: Database) -> None:
    result = imported(
        database,
        CASES / "two-lists-only-last-joined.csv",
        list_names=["a", "b", "a"],
    )
    assert (result.contacts, result.joined) == (3, 6)
    assert {each.name: each.contacts for each in Contacts(database).lists()} == {"a": 3, "b": 3}


def test_the_name_within_an_archive_is_heard(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("aud/unsubscribed_members_export.csv", "email\nann@example.org\n")
    assert preview(path).statuses[0].becomes == "unsubscribed"
    imported(database, path)
    assert standing(database, "ann@example.org")[0] == "unsubscribed"


def test_what_listmonk_says_of_a_contacts_lists_is_heard(
    database: Database, tmp_path: Path
) -> None:
    def of(email: str, *words: str) -> dict[str, Any]:
        lists = [{"id": n, "name": f"L{n}", "subscription_status": w} for n, w in enumerate(words)]
        return {"email": email, "status": "enabled", "lists": lists}

    left, stayed = of("ann@example.org", "unsubscribed"), of("bob@example.org", "confirmed")
    answer = {"data": {"results": [left, stayed], "total": 2}}
    imported(database, written(tmp_path, json.dumps(answer), "subscribers.json"))
    assert standing(database, "ann@example.org")[0] == "unsubscribed"
    assert standing(database, "bob@example.org")[0] == "active"

    both = [of("cat@example.org", "unsubscribed", "confirmed")]
    path = written(tmp_path, json.dumps(both), "both.json")
    with pytest.raises(UnknownStatusError, match="confirmed, unsubscribed"):
        imported(database, path)  # one list or the other: somebody has to say
