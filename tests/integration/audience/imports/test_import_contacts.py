import csv
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from sestui.audience.imports.importer import ImportOptions, ImportResult, Progress, import_contacts
from sestui.audience.imports.rows import Reject
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.delivery.states import ContactStatus
from sestui.errors import BadFileError, UsageError
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact

NOW = 1_800_000_000.0
SHARED = Path(__file__).parents[5] / "shared" / "data"


def file_of(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def imported(
    database: Database,
    path: Path,
    *,
    list_name: str = "news",
    now: float = NOW,
    progress: Callable[[Progress], None] | None = None,
    rejected: Callable[[Reject], None] | None = None,
    **options: Any,
) -> ImportResult:
    chosen = ImportOptions([list_name], **options)
    return import_contacts(database, path, chosen, now=now, progress=progress, rejected=rejected)


def contact(database: Database, email: str) -> Contact:
    found = Contacts(database).get(email)
    assert found is not None
    return found


def test_an_export_is_imported_with_every_row_accounted_for(
    database: Database, tmp_path: Path, mailchimp: Any
) -> None:
    path = tmp_path / "export.csv"
    expected = mailchimp(path, 7_000)
    seen: list[Progress] = []
    result = imported(database, path, progress=seen.append)
    assert (result.rows, result.rejects, result.duplicates, result.contacts) == (
        expected.rows,
        expected.rejects,
        expected.duplicates,
        expected.contacts,
    )
    assert (result.imported, result.joined) == (expected.contacts, expected.contacts)
    assert Contacts(database).count() == expected.contacts
    assert seen[-1].saved == seen[-1].to_save == expected.contacts
    assert all(each.bytes_done <= each.bytes_total for each in seen)
    first = contact(database, "ADA.LI1@d217.example.net".replace("217", _domain_of(path)))
    assert first.tags == ["customer", "vip"]
    assert first.attributes["last_name"] == "高橋"
    again = imported(database, path)
    assert (again.imported, again.updated, again.unchanged, again.joined) == (
        0,
        0,
        expected.contacts,
        0,
    )


def _domain_of(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        next(rows)
        return next(rows)["Email Address"].split("@d")[1].split(".")[0]


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside this checkout")
@pytest.mark.parametrize(
    "name", ["mailchimp-export.csv", "google-contacts.csv", "excel-semicolon-cp1252.csv"]
)
def test_the_shared_files_come_out_as_expected(sqlite_database: Database, name: str) -> None:
    expected = json.loads((SHARED / "expected.json").read_text())[name]
    result = imported(sqlite_database, SHARED / name)
    assert result.rows == expected["rows"]
    assert result.rejects == expected["invalid"]
    assert result.duplicates == expected["duplicates"]
    assert result.contacts == result.imported == expected["unique_valid"]
    assert result.email_column == expected.get("primary_column", result.email_column)
    assert result.encoding == expected.get("encoding", result.encoding)
    assert result.delimiter == expected.get("delimiter", result.delimiter)


def test_duplicates_in_a_file_fill_gaps_and_the_first_row_wins(
    database: Database, tmp_path: Path
) -> None:
    path = file_of(
        tmp_path,
        "Email,Name,City,Tags\nAda@x.co,Ada,,a\nADA@X.CO,Nope,Paris,b\nada@x.co,,Rome,a\n",
    )
    result = imported(database, path)
    assert (result.imported, result.duplicates) == (1, 2)
    ada = contact(database, "ada@x.co")
    assert (ada.email, ada.email_key) == ("Ada@x.co", "ada@x.co")
    assert ada.attributes == {"name": "Ada", "city": "Paris"}
    assert sorted(ada.tags) == ["a", "b"]


@pytest.mark.parametrize(
    ("rule", "attributes", "tags", "counts"),
    [
        (OnConflict.UPDATE, {"name": "Eve", "city": "Bonn", "zip": "1"}, ["a", "b"], (1, 1, 1)),
        (OnConflict.SKIP, {"name": "Ada", "city": "Bonn"}, ["a"], (1, 0, 2)),
        (OnConflict.REPLACE, {"name": "Eve", "zip": "1"}, ["b"], (1, 1, 1)),
    ],
)
def test_conflict_rules(
    database: Database,
    tmp_path: Path,
    rule: OnConflict,
    attributes: dict[str, str],
    tags: list[str],
    counts: tuple[int, int, int],
) -> None:
    before = "Email,Name,City,Tags\nada@x.co,Ada,Bonn,a\nold@x.co,Old,,a\n"
    imported(database, file_of(tmp_path, before))
    path = file_of(
        tmp_path, "Email,Name,City,Zip,Tags\nADA@x.co,Eve,,1,b\nnew@x.co,New,,,\nold@x.co,Old,,,a\n"
    )
    result = imported(database, path, list_name="second", on_conflict=rule, now=NOW + 9)
    ada = contact(database, "ada@x.co")
    assert ada.attributes == attributes
    assert ada.tags == tags
    assert ada.email == "ada@x.co"
    assert ada.created_at == NOW
    assert contact(database, "old@x.co").updated_at == NOW
    assert (result.imported, result.updated, result.unchanged) == counts
    assert result.joined == 3
    assert {each.name: each.contacts for each in Contacts(database).lists()}["second"] == 3


def test_replace_without_a_tag_column_keeps_tags(database: Database, tmp_path: Path) -> None:
    imported(database, file_of(tmp_path, "Email,Name,Tags\nada@x.co,Ada,a\n"))
    path = file_of(tmp_path, "Email,City\nada@x.co,Bonn\n")
    imported(database, path, on_conflict=OnConflict.REPLACE)
    ada = contact(database, "ada@x.co")
    assert (ada.attributes, ada.tags) == ({"city": "Bonn"}, ["a"])


def test_hostile_and_unusual_values_survive_as_typed(database: Database, tmp_path: Path) -> None:
    values = ["[bold red]x[/]", '=HYPERLINK("x")', "\x1b[31m", "\u202e", "a\nb", "👩‍🔧", '"\\', "é"]
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Email", *(f"v{n}" for n in range(len(values)))])
        writer.writerow(["eve@café.example.com", *values])
    imported(database, path)
    eve = contact(database, "EVE@xn--caf-dma.example.com")
    assert eve.email == "eve@café.example.com"
    assert eve.attributes == {f"v{n}": value for n, value in enumerate(values)}


@pytest.mark.parametrize("rule", list(OnConflict))
def test_an_import_never_brings_anyone_back(
    database: Database, tmp_path: Path, rule: OnConflict
) -> None:
    path = file_of(tmp_path, "Email,Name\nada@x.co,Ada\n")
    imported(database, path)
    with database.write_connection() as connection:
        connection.execute(update(Contact).values(status="unsubscribed", status_reason="link"))
    imported(database, file_of(tmp_path, "Email,Name\nada@x.co,Eve\n"), on_conflict=rule)
    ada = contact(database, "ada@x.co")
    assert (ada.status, ada.status_reason) == (ContactStatus.UNSUBSCRIBED, "link")


def test_rejects_are_written_as_they_stood_with_line_and_reason(
    sqlite_database: Database, tmp_path: Path
) -> None:
    path = file_of(
        tmp_path,
        b'Name,E-Mail,City\nA,a@x.co,"two\nlines"\nB,broken,\nC,,\nD,d@x.co,,,extra\n'
        b"E,e@x.co,\xff\xe9\nF,f@x.co,a\0b\nG,g@x.co," + b"x" * 70_000 + b"\nH,h@x.co,,,\n"
        b"K,k@x.co,\xc3\xa9\xc3\xa9\xc3\xa9\n,,\nL,l@x.co\n",
    )
    rejects = tmp_path / "rejects.csv"
    result = imported(sqlite_database, path, rejects_path=rejects)
    assert (result.rows, result.rejects, result.imported) == (10, 6, 4)
    with rejects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["rejected_line", "rejected_because", "Name", "E-Mail", "City"]
    assert [(row[0], row[1].partition(": ")[0], row[2:]) for row in rows[1:]] == [
        ("4", "E-Mail", ["B", "broken", ""]),
        ("5", "E-Mail", ["C", "", ""]),
        ("6", "column 5", ["D", "d@x.co", "", "", "extra"]),
        ("7", "City", ["E", "e@x.co", r"\xff\xe9"]),
        ("8", "City", ["F", "f@x.co", "a\0b"]),
        ("9", "City", ["G", "g@x.co", "x" * 70_000]),
    ]
    assert all(row[1].endswith(".") for row in rows[1:])
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    assert [reject.line for reject in result.first_rejects] == [4, 5, 6, 7, 8]


def test_an_unusable_file_leaves_nothing_behind(database: Database, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    rejects.write_text("from before")
    path = file_of(tmp_path, "Email\n" + "x\na@x.co\n" * 5_000 + 'b@x.co,"open\n')
    with pytest.raises(BadFileError, match=r"list\.csv, line 10002"):
        imported(database, path, rejects_path=rejects)
    assert Contacts(database).count() == 0
    assert Contacts(database).lists() == []
    assert rejects.read_text() == "from before"
    assert sorted(os.listdir(tmp_path)) == sorted({"list.csv", "rejects.csv", *_own(tmp_path)})


def _own(tmp_path: Path) -> set[str]:
    return {name for name in os.listdir(tmp_path) if name.startswith("sestui.db")}


def test_a_failure_while_saving_leaves_nothing_behind(
    database: Database, tmp_path: Path, mailchimp: Any
) -> None:
    path = tmp_path / "export.csv"
    mailchimp(path, 12_000)

    def fail(progress: Progress) -> None:
        if progress.saved:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(database, path, progress=fail)
    assert Contacts(database).count() == 0
    assert Contacts(database).lists() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("Email,Name\n", "no contacts below"), ("Name,City\nAda,Paris\n", "no column of email")],
)
def test_files_without_contacts(
    sqlite_database: Database, tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(BadFileError, match=said):
        imported(sqlite_database, file_of(tmp_path, text))


def test_a_dry_run_counts_exactly_and_writes_nothing(database: Database, tmp_path: Path) -> None:
    imported(database, file_of(tmp_path, "Email,N\na@x.co,1\nb@x.co,1\n"))
    path = file_of(tmp_path, "Email,N\na@x.co,2\nb@x.co,1\nc@x.co,1\n")
    dry = imported(database, path, list_name="other", dry_run=True)
    assert (dry.imported, dry.updated, dry.unchanged, dry.joined) == (1, 1, 1, 3)
    assert [each.name for each in Contacts(database).lists()] == ["news"]
    assert Contacts(database).count() == 2
    assert contact(database, "a@x.co").attributes == {"n": "1"}


def test_a_mapping_names_columns_of_a_headerless_file(
    sqlite_database: Database, tmp_path: Path
) -> None:
    path = file_of(tmp_path, "Ada,a@x.co,w@x.co,blue\n")
    result = imported(sqlite_database, path, mapping={"3": "email", "1": "First Name", "4": "tags"})
    assert result.email_column == "column 3"
    ada = contact(sqlite_database, "w@x.co")
    assert ada.attributes == {"first_name": "Ada", "column_2": "a@x.co"}
    assert ada.tags == ["blue"]


def test_a_column_that_is_left_out_does_no_harm(sqlite_database: Database, tmp_path: Path) -> None:
    path = file_of(tmp_path, b"Email,3,Photo,Tags\na@x.co,x,\xff\xfe,t\nb@x.co,y,a\0b,u\nbad,z,,\n")
    told: list[Reject] = []
    result = imported(
        sqlite_database,
        path,
        mapping={1: "email", 2: "Size", 3: "-", 4: "-"},
        rejected=told.append,
    )
    assert (result.imported, result.rejects) == (2, 1)
    assert [use for _label, use in result.columns] == ["email", "size", "-", "-"]
    ada = contact(sqlite_database, "a@x.co")
    assert (ada.attributes, ada.tags) == ({"size": "x"}, [])
    assert [(reject.line, reject.value, reject.row) for reject in told] == [(4, "bad", "bad, z")]
    assert imported(sqlite_database, path, mapping={"3": "x", "Photo": "-"}).columns[1] == (
        "3",
        "x",
    )
    with pytest.raises(UsageError, match=r"5: .* has no such column"):
        imported(sqlite_database, path, mapping={5: "-"})


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 201])
def test_impossible_list_names(sqlite_database: Database, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        imported(sqlite_database, file_of(tmp_path, "a@x.co\n"), list_name=name)


def test_impossible_rejects_files(sqlite_database: Database, tmp_path: Path) -> None:
    path = file_of(tmp_path, "a@x.co\n")
    for rejects in (path, tmp_path / "none" / "x.csv", tmp_path):
        with pytest.raises(UsageError):
            imported(sqlite_database, path, rejects_path=rejects)
    assert path.read_text() == "a@x.co\n"


def test_consent_is_kept_as_the_file_says_it(sqlite_database: Database, tmp_path: Path) -> None:
    head = "Email Address,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,Consent text"
    row = "ada@example.com,2024-01-02 10:00:00,192.0.2.1,2024-01-02 10:05:00,192.0.2.1,News please"
    imported(sqlite_database, file_of(tmp_path, f"{head}\n{row}\n"))
    assert contact(sqlite_database, "ada@example.com").attributes == {
        "optin_time": "2024-01-02 10:00:00",
        "optin_ip": "192.0.2.1",
        "confirm_time": "2024-01-02 10:05:00",
        "confirm_ip": "192.0.2.1",
        "consent_text": "News please",
    }


def test_addresses_that_do_worse_are_counted_once_each(
    sqlite_database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    emails = "Info@x.co\ninfo@X.co\nsales@x.co\nann@mailinator.com\nbob@x.co\nnot@an@address\n"
    path.write_text(f"Email\n{emails}")
    result = import_contacts(sqlite_database, path, ImportOptions(["all"], dry_run=True), now=1)
    told = result.figures
    assert (told["contacts"], told["role_addresses"], told["disposable"]) == (4, 2, 1)
