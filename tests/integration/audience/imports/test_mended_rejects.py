"""A file of rejects is mended and imported again: the contacts are as they would have been."""

from pathlib import Path

import pytest

from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.audience.imports.preview import preview
from sestui.audience.imports.suppress_file import suppress_file
from sestui.store.contacts.contacts import Contacts
from sestui.store.db.database import Database

FORMS = {
    "utf-8, commas": ("utf-8", "Name,E-Mail,Joined,Note\n{}"),
    "cp1252, semicolons": ("cp1252", "Name;E-Mail;Joined;Note\n{}"),
    "a title above": ("utf-8", "Export of May\n\nName,E-Mail,Joined,Note\n{}"),
    "no header": ("utf-8", "{}"),
}
ROWS = [
    ("Ada Löw", "ada@example.org", "2025", "a"),
    ("Bob, Jr.", "bob@@example.org", "2024", "=1+1"),
    ("Zoé\nP.", "", "-3", "'=x"),
    ("Cy", "cy@example.org; dee@@example.org", "2023", "@home"),
    *((name, f"{name}@example.org", "2022", "e") for name in ("eve", "fay", "gus")),
]


def written(rows, delimiter):
    return "".join(
        delimiter.join('"{}"'.format(cell.replace('"', '""')) for cell in row) + "\n"
        for row in rows
    )


@pytest.mark.parametrize("form", FORMS)
def test_mended_rejects_are_the_contacts_they_would_have_been(
    sqlite_database: Database, tmp_path: Path, form: str
) -> None:
    encoding, frame = FORMS[form]
    delimiter = ";" if ";" in frame else ","
    path, rejects = tmp_path / "people.csv", tmp_path / "rejects.csv"
    path.write_bytes(frame.format(written(ROWS, delimiter)).encode(encoding))
    options = ImportOptions(["news"], rejects_path=rejects)
    first = import_contacts(sqlite_database, path, options, now=1)
    assert (first.imported, first.rejects) == (5, 3)

    text = rejects.read_text(encoding="utf-8")
    assert text.startswith("rejected_line,rejected_because,")
    assert "'=1+1" in text
    assert "''=x" in text
    assert "'@home" in text
    text = text.replace("@@", "@").replace('"Zoé\nP.",,', '"Zoé\nP.",zoe@example.org,')
    rejects.write_text(text, encoding="utf-8")

    seen = preview(rejects)
    assert "rejects of an earlier import" in seen.found
    assert len(seen.labels) == 4
    again = import_contacts(sqlite_database, rejects, ImportOptions(["news"]), now=2)
    assert (again.imported, again.rejects) == (3, 0), again.first_rejects

    ada, *others = (
        Contacts(sqlite_database).get(f"{name}@example.org").attributes
        for name in ("ada", "bob", "zoe", "dee")
    )
    assert [list(each.values()) for each in others] == [[row[0], *row[2:]] for row in ROWS[1:4]]
    assert all(each.keys() == ada.keys() for each in others)


def test_several_rejects_of_a_row_are_one_row(sqlite_database: Database, tmp_path: Path) -> None:
    path, rejects = tmp_path / "people.csv", tmp_path / "rejects.csv"
    path.write_text("Name,E-Mail\nAda,ada@example.org\nB,bob@@x.co; cy@x.co; dee@@x.co\n")
    result = import_contacts(
        sqlite_database, path, ImportOptions(["news"], rejects_path=rejects), now=1
    )
    assert (result.imported, result.rejects) == (2, 2)
    (row,) = rejects.read_text().splitlines()[1:]
    assert row.endswith(",B,bob@@x.co; cy@x.co; dee@@x.co")
    assert "E-Mail, bob@@x.co: " in row
    assert "E-Mail, dee@@x.co: " in row


def test_rejected_suppressions_are_mended_likewise(
    sqlite_database: Database, tmp_path: Path
) -> None:
    path, rejects = tmp_path / "gone.csv", tmp_path / "rejects.csv"
    path.write_text("address,reason\nada@example.org,bounce\nbob@@example.org,complaint\n")
    first = suppress_file(sqlite_database, path, rejects_path=rejects, now=1)
    assert (first.suppressed, first.rejects) == (1, 1)
    rejects.write_text(rejects.read_text().replace("bob@@", "bob@"))
    again = suppress_file(sqlite_database, rejects, now=2)
    assert (again.suppressed, again.rejects, again.column) == (1, 0, "address")
