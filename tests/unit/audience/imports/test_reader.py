import codecs
import csv
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sestui.audience.imports.reader import RowFile
from sestui.audience.sources.file_cells import MAX_RECORD
from sestui.errors import BadFileError


def read(path: Path) -> list[tuple[int, list[str]]]:
    with RowFile(path) as rows:
        return [(line, cells) for line, _, cells in rows.records()]


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding", "name"),
    [(codecs.BOM_UTF8 + "Email,N\na@b.co,é\n".encode(), "utf-8-sig", "é"),
     ("Email,N\na@b.co,é\n".encode(), "utf-8", "é"),
     ("Email,N\na@b.co,é\n".encode("utf-16"), "utf-16", "é"),
     (codecs.BOM_UTF16_BE + "Email,N\r\na@b.co,名\r\n".encode("utf-16-be"), "utf-16", "名"),
     ("Email,N\na@b.co,“Zoé” 5 €\n".encode("cp1252"), "cp1252", "“Zoé” 5 €"),
     (b"Email,N\r\na@b.co,x\r\n", "utf-8", "x")],
)  # fmt: skip
def test_encodings(tmp_path: Path, content: bytes, encoding: str, name: str) -> None:
    with RowFile(written(tmp_path, content)) as rows:
        assert rows.format.encoding == encoding
        assert [cells for _, _, cells in rows.records()] == [["Email", "N"], ["a@b.co", name]]


def test_the_code_page_is_seen_however_late_its_first_accent_comes(tmp_path: Path) -> None:
    path = written(tmp_path, b"Email,N\n" + b"a@b.co,x\n" * 200_000 + b"a@b.co,\xe9t\xe9\n")
    with RowFile(path) as rows:
        assert rows.format.encoding == "cp1252"
        assert not rows.format.damaged


def test_one_broken_byte_does_not_make_utf8_a_code_page(tmp_path: Path) -> None:
    content = "Email,N\na@b.co,é\na@b.co,ü\n".encode() + b"a@b.co,\xe9\n"
    with RowFile(written(tmp_path, content)) as rows:
        assert rows.format.encoding == "utf-8"
        assert rows.format.damaged


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    text = "Email|N|Size\na@b.co|x, y; z|1,5\nc@d.co|u|2,5\n".replace("|", delimiter)
    if delimiter in ",;":
        text = text.replace("x, y; z", '"x, y; z"').replace("1,5", '"1,5"').replace("2,5", '"2,5"')
    with RowFile(written(tmp_path, text.encode())) as rows:
        assert rows.format.delimiter == delimiter
        assert [len(cells) for _, _, cells in rows.records()] == [3, 3, 3]


def test_decimal_commas_and_a_headerless_file_do_not_mislead(tmp_path: Path) -> None:
    path = written(tmp_path, b"1,5;a@b.co;2,5\n1,6;c@d.co;2,6\n")
    with RowFile(path) as rows:
        assert rows.format.delimiter == ";"


def test_excels_delimiter_line_is_obeyed_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, b"sep=;\r\nEmail;N\r\na@b.co;x\r\n")
    assert read(path) == [(2, ["Email", "N"]), (3, ["a@b.co", "x"])]


CELL = st.text(alphabet='ab,;"\n\r\t é', max_size=6)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_rows_come_back_with_the_line_they_start_on(
    tmp_path: Path, rows: list[list[str]], end: str, blank: bool
) -> None:
    table = [["Email", "Name", "End"], *([f"a{n}@b.co", *row] for n, row in enumerate(rows))]
    path = tmp_path / "list.csv"
    expected, line = [], 1
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL)
        for row in table:
            writer.writerow(row)
            expected.append((line, row))
            line += 1 + sum(
                cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in row
            )
            if blank:
                file.write(end)
                line += 1
    assert read(path) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b" \r\n\n", "is empty"), (codecs.BOM_UTF8, "is empty"),
     (b"PK\x03\x04" + os.urandom(500), "zip archive"),
     (bytes(range(256)) * 9, "not a text file"),
     (b'Email,N\na@b.co,x\nc@d.co,"open\ne@f.co,y\n', r"line 3.*quotation mark"),
     (b"Email,N\na@b.co," + b"x" * (MAX_RECORD + 9) + b"\nc@d.co,y\n", "line 2.*longer than"),
     (b'Email,N\na@b.co,"open\n' + b"c@d.co,y\n" * 150_000, "line 2.*quotation mark"),
     (b'Email,N\na@b.co' + b',"\n"' * 300_000, "line 2.*longer than")],
    ids=["empty", "blank", "mark", "xlsx", "binary", "quote to the end", "line", "quote", "cells"],
)  # fmt: skip
def test_unusable_files_are_named_with_their_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(BadFileError, match=rf"list\.csv.*{said}"):
        read(written(tmp_path, content))


def test_a_line_without_end_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
        file.write(b"Email,Name,")
        for _ in range(3):
            file.write(b"x" * 1024 * 1024)
    with pytest.raises(BadFileError, match="line 1 is longer"):
        read(path)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("", "is a folder"), ("none.csv", "There is no file"), ("pipe", "regular")):
        with pytest.raises(BadFileError, match=said):
            RowFile(tmp_path / name)
    with pytest.raises(BadFileError, match="can't be read"):
        RowFile(tmp_path / "a\0b")
