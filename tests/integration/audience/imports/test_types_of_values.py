"""Values that a file knows more of than text keep it, and ``--type`` says more in every path."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sestui.audience.export import write_contacts
from sestui.audience.imports.importer import ImportOptions, ImportResult, import_contacts
from sestui.audience.imports.rows import Reject
from sestui.core.contact.conflict_policy import OnConflict
from sestui.errors import UsageError
from sestui.reports.sent_log import Format
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.key_queries import Which
from sestui.store.db.database import Database
from tests.support.workbooks import workbook

ANN = "ann@example.org"


def run(
    database: Database, path: Path, content: str | bytes, **options: Any
) -> tuple[ImportResult, list[Reject]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    rejects: list[Reject] = []
    result = import_contacts(
        database, path, ImportOptions(["news"], **options), now=0, rejected=rejects.append
    )
    return result, rejects


def kept(database: Database, email: str = ANN) -> dict[str, Any]:
    contact = Contacts(database).get(email)
    assert contact is not None
    return dict(contact.attributes)


VALUES: dict[str, Any] = {
    "age": 36,
    "zero": 0,
    "debt": -12.5,
    "tiny": 1e-7,
    "vip": True,
    "gone": False,
    "text": "007",
    "said": "true",
    "born": "1990-05-01",
    "likes": ["tea", "täa"],
    "scores": [1, 2.5],
}


def same(found: Any, wanted: Any) -> None:
    """Equal, and of the same types: 1 is not true, nor 1.0."""
    assert json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)


@pytest.mark.parametrize("form", ["lines", "array", "answer", "attribs"])
def test_json_keeps_what_its_values_are(database: Database, tmp_path: Path, form: str) -> None:
    contact = {"email": ANN, **VALUES}
    content = {
        "lines": json.dumps(contact) + "\n" + json.dumps({"email": "bob@example.org"}),
        "array": json.dumps([contact]),
        "answer": json.dumps({"data": {"results": [contact]}}),
        "attribs": json.dumps({"email": ANN, "attribs": VALUES}),
    }[form]
    _, rejects = run(database, tmp_path / "list.json", content)
    assert rejects == []
    same(kept(database), VALUES)


def test_objects_in_the_cells_of_a_csv_do_so_too(database: Database, tmp_path: Path) -> None:
    packed = json.dumps(VALUES).replace('"', '""')
    run(database, tmp_path / "listmonk.csv", f'email,attributes\n{ANN},"{packed}"\n')
    same(kept(database), VALUES)


def test_a_workbook_keeps_true_and_false(database: Database, tmp_path: Path) -> None:
    rows = [["Email", "VIP", "Gone", "Zip", "Day"], [ANN, True, False, "01234", date(2026, 1, 5)]]
    run(database, tmp_path / "list.xlsx", workbook({"A": rows}))
    same(kept(database), {"vip": True, "gone": False, "zip": "01234", "day": "2026-01-05"})


@pytest.mark.parametrize(
    ("written", "stays"),
    [
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("123456789012345678901", "123456789012345678901"),
        ("9" * 5_000, "9" * 5_000),
        ('["a", NaN]', ["a", "NaN"]),
        ('["a\\u0000b"]', '["a\\u0000b"]'),
    ],
)
def test_what_no_database_keeps_stays_text(
    database: Database, tmp_path: Path, written: str, stays: Any
) -> None:
    _, rejects = run(database, tmp_path / "l.jsonl", f'{{"email": "{ANN}", "n": {written}}}\n')
    assert rejects == []
    same(kept(database), {"n": stays})


@pytest.mark.parametrize("conflict", [OnConflict.UPDATE, OnConflict.REPLACE])
@pytest.mark.parametrize(
    ("before", "after"),
    [("36", 36), (36, "36"), (True, "true"), (1, True), (["a", "b"], ["a"]), (["a"], "a"),
     (["b", "a"], ["a", "b"]), (["a", "a"], ["a"]), ("a", ["a"])],
)  # fmt: skip
def test_a_known_contact_takes_over_types_and_shorter_lists(
    database: Database, tmp_path: Path, before: Any, after: Any, conflict: OnConflict
) -> None:
    path = tmp_path / "list.json"
    run(database, path, json.dumps({"email": ANN, "n": before}))
    for changes in (1, 0):
        again = json.dumps({"email": ANN, "n": after})
        result, _ = run(database, path, again, on_conflict=conflict)
        assert (result.updated, result.unchanged) == (changes, 1 - changes)
        same(kept(database), {"n": after})


# --type


PATHS = {
    "plain": (f"email,Age\n{ANN},36\n", 1),
    "tidied": (f"email,Age\nmailto:{ANN},36\n", 1),
    "named": (f"email,Age\nAnn <{ANN}>,36\n", 1),
    "no-break space": (f"email,Age\n\u00a0{ANN},36\n", 1),
    "several": (f'email,Age\n"{ANN}, bob@example.org",36\n', 2),
    "second column": (f"email,Age,Email 2\n,36,{ANN}\n", 1),
    "with a status": (f"email,Age,Status\n{ANN},36,unsubscribed\n", 1),
    "with tags": (f"email,Age,Tags\n{ANN},36,a\n", 1),
    "object in a cell": (f'email,attributes\n{ANN},"{{""Age"": ""36""}}"\n', 1),
    "JSON text": (json.dumps({"email": ANN, "Age": "36"}), 1),
    "JSON member": (json.dumps({"email": ANN, "attribs": {"Age": "36"}}), 1),
}


@pytest.mark.parametrize("path", PATHS)
def test_a_type_reaches_every_row(sqlite_database: Database, tmp_path: Path, path: str) -> None:
    content, contacts = PATHS[path]
    result, rejects = run(sqlite_database, tmp_path / "list", content, types={"age": "int"})
    assert (result.contacts, rejects) == (contacts, [])
    assert kept(sqlite_database)["age"] == 36


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_of_its_type_is_a_reject_in_every_row(
    sqlite_database: Database, tmp_path: Path, path: str
) -> None:
    content, contacts = PATHS[path]
    content = content.replace("36", "old")
    result, rejects = run(sqlite_database, tmp_path / "list", content, types={"age": "int"})
    assert (result.contacts, result.rejects, result.rows) == (0, contacts, 1)
    assert {(each.column.lower(), each.value, each.reason) for each in rejects} == {
        (each.column.lower(), "old", "The value is not a whole number, as in 42.")
        for each in rejects
    }
    assert rejects[0].column.lower() in {"age", "attribs.age"}


def test_the_mailboxs_name_stands_in_no_typed_columns_way(
    sqlite_database: Database, tmp_path: Path
) -> None:
    content = f"email,Name\nAnn <{ANN}>,Annie\nBob <bob@example.org>,\n"
    run(sqlite_database, tmp_path / "list.csv", content, types={"name": "text"})
    assert kept(sqlite_database) == {"name": "Annie"}
    assert kept(sqlite_database, "bob@example.org") == {"name": "Bob"}


@pytest.mark.parametrize("form", list(Format))
def test_an_export_of_our_own_takes_types(database: Database, tmp_path: Path, form: Format) -> None:
    run(database, tmp_path / "list.json", json.dumps({"email": ANN, "age": 36, "vip": True}))
    path = tmp_path / "export"
    with path.open("w", newline="", encoding="utf-8") as out:
        write_contacts(database, Which(), out, form=form, raw=False)
    types = {"age": "int", "vip": "bool"}
    result = import_contacts(database, path, ImportOptions(types=types), now=9)
    assert (result.unchanged, result.rejects) == (1, 0)
    same(kept(database), {"age": 36, "vip": True})
    result = import_contacts(
        database, path, ImportOptions(types={"vip": "date"}, dry_run=True), now=9
    )
    (reject,) = result.first_rejects
    assert (reject.column, reject.value) == ("vip", "true")


def test_a_type_for_what_is_in_no_row_is_said(sqlite_database: Database, tmp_path: Path) -> None:
    content = f'email,attributes\n{ANN},"{{""age"": 36}}"\n'
    with pytest.raises(UsageError, match="agee: the file has no such attribute"):
        run(sqlite_database, tmp_path / "list.csv", content, types={"agee": "int"})
    assert Contacts(sqlite_database).count() == 0
