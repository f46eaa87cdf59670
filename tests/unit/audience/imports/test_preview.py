import json
from pathlib import Path

import pytest

from sestui.audience.imports.preview import preview
from sestui.errors import BadFileError

SHARED = Path(__file__).parents[5] / "shared" / "data"


def file_of(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_is_looked_at_as_the_importer_reads_it(tmp_path: Path) -> None:
    text = "Kontakt;Name;Tags;E-Mail\n1;Ada;a;ada@x.co\n2;Éva;b;eva@x.co\n"
    found = preview(file_of(tmp_path, text.encode("cp1252")))
    assert found.summary == "cp1252, semicolon, 4 columns, 2 rows"
    assert found.labels == ("Kontakt", "Name", "Tags", "E-Mail")
    assert found.uses == ("kontakt", "name", "tags", "email")
    assert found.rows[1] == ("2", "Éva", "b", "eva@x.co")


def test_without_a_header_and_without_addresses(tmp_path: Path) -> None:
    found = preview(file_of(tmp_path, "\ufeffada@x.co\tAda\n"))
    assert found.summary == "utf-8, tab, 2 columns without a header, 1 row"
    assert (found.labels, found.uses) == (("column 1", "column 2"), ("email", "column_2"))
    found = preview(file_of(tmp_path, "Name,Name\nAda,Li\n"))
    assert found.uses == ("name", "name_2")
    assert found.rows == (("Ada", "Li"),)


def test_blank_rows_are_no_rows(tmp_path: Path) -> None:
    found = preview(file_of(tmp_path, "Email,Name\nada@x.co,Ada\n,,\n \t,\neva@x.co,Eva\n"))
    assert found.summary == "utf-8, comma, 2 columns, 2 rows"


@pytest.mark.parametrize("rows", [9_999, 10_000, 10_001, 80_000])
def test_rows_are_counted_or_estimated(tmp_path: Path, rows: int) -> None:
    lines = "".join(f'p{n}@x.co,"two\nlines"\n' for n in range(rows))
    found = preview(file_of(tmp_path, "Email,Note\n" + lines))
    assert found.counted == (rows <= 10_000)
    assert found.count == rows if found.counted else abs(found.count / rows - 1) < 0.03
    assert found.summary.endswith(f"about {found.count:,} rows") != found.counted


def test_what_cant_be_imported_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="is empty"):
        preview(file_of(tmp_path, ""))
    with pytest.raises(BadFileError, match=r"line 2: a quotation mark is opened"):
        preview(file_of(tmp_path, 'Email\n"ada@x.co\n'))
    with pytest.raises(BadFileError, match="There is no file"):
        preview(tmp_path / "none.csv")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside this checkout")
@pytest.mark.parametrize(
    "name", ["mailchimp-export.csv", "google-contacts.csv", "excel-semicolon-cp1252.csv"]
)
def test_the_shared_files_are_recognised(name: str) -> None:
    expected = json.loads((SHARED / "expected.json").read_text())[name]
    found = preview(SHARED / name)
    assert abs(found.count / expected["rows"] - 1) < 0.03
    assert found.encoding == expected.get("encoding", "utf-8")
    assert found.delimiter == expected.get("delimiter", ",")
    email = found.labels[found.uses.index("email")]
    assert email == expected.get("primary_column", email)
