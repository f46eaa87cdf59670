"""Dumps as the databases' own tools write them, and broken ones."""

import gzip
from pathlib import Path

import pytest

from sestui.audience.migrate.sql_dump import read_dump
from sestui.audience.migrate.tables import Tables, WantedTable
from sestui.errors import BadFileError

WANTED = (WantedTable("people", ("id", "email"), ("note", "age")),)
EXPECTED = [
    ("1", "ada@example.org", "it's\tone\nline \\ two", None),
    ("2", "bo@example.org", "", "36"),
    ("3", "zoë@example.org", "a;b),('c'", None),
]
COPY = """\
--
-- PostgreSQL database dump
--
COPY public.other (id, note) FROM stdin;
1\tINSERT INTO people VALUES ('no', 'row');
\\.

COPY public.people (note, id, email, more, age) FROM stdin;
it's\\tone\\nline \\\\ two\t1\tada@example.org\tx\t\\N
\t2\tbo@example.org\t\\N\t36
a;b),('c'\t3\tzoë@example.org\t\\N\t\\N
\\.

--
-- PostgreSQL database dump complete
--
"""
INSERTS = """\
CREATE TABLE public.people (
    id integer NOT NULL,
    email text,
    note text,
    age integer,
    CONSTRAINT age_check CHECK ((age > 0))
);
INSERT INTO public.other VALUES (1, 'a text with
INSERT INTO people VALUES (9, ''no'', ''row'', 1);
in it');
INSERT INTO public.people VALUES (1, 'ada@example.org', 'it''s\tone
line \\ two', NULL);
INSERT INTO public.people (id, email, note, age) VALUES (2, 'bo@example.org', '', 36),
\t(3, 'zoë@example.org', E'a;b),(''c''', NULL);
"""
MYSQL = """\
-- MySQL dump 10.13  Distrib 8.0.36
CREATE TABLE `people` (
  `id` int NOT NULL AUTO_INCREMENT,
  `email` varchar(100) DEFAULT NULL,
  `note` longtext,
  `age` int DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `e` (`email`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `people` VALUES (1,'ada@example.org','it\\'s\\tone\\nline \\\\ two',NULL),\
(2,'bo@example.org','',36),(3,'zo\u00eb@example.org',_utf8mb4 'a;b),(''c''',NULL);
-- Dump completed on 2026-11-28
"""
PHPMYADMIN = """\
-- phpMyAdmin SQL Dump
INSERT INTO `people` (`id`, `email`, `note`, `age`) VALUES
(1, 'ada@example.org', 'it''s\\tone\\nline \\\\ two', NULL),
(2, 'bo@example.org', '', 36),
(3, 0x7a6fc3ab406578616d706c652e6f7267, 'a;b),(''c''', NULL);
"""


def read(path: Path) -> list[tuple[str | None, ...]]:
    with Tables("Tool", path.name, WANTED) as tables:
        read_dump(path, tables)
        rows = tables.rows("SELECT id, email, note, age FROM people ORDER BY id")
        return [tuple(row.values()) for row in rows]


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "dump.sql"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "dump", [COPY, INSERTS, MYSQL, PHPMYADMIN], ids=["copy", "inserts", "mysql", "phpmyadmin"]
)
def test_every_form_of_a_dump_gives_the_same_rows(tmp_path: Path, dump: str) -> None:
    assert read(written(tmp_path, dump)) == EXPECTED


@pytest.mark.parametrize(
    "content",
    [gzip.compress(COPY.encode()), ("\ufeff" + COPY).encode("utf-16-le")],
    ids=["gzip", "utf-16"],
)
def test_a_dump_may_be_packed_or_in_utf_16(tmp_path: Path, content: bytes) -> None:
    assert read(written(tmp_path, content)) == EXPECTED


def test_windows_line_ends_are_no_part_of_a_value(tmp_path: Path) -> None:
    assert read(written(tmp_path, COPY.replace("\n", "\r\n"))) == EXPECTED


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (COPY.partition("a;b)")[0], "dump.sql, line 8: the dump breaks off in the rows of people"),
        (COPY.partition("-- PostgreSQL database dump complete")[0], "breaks off after line 14"),
        (COPY.replace("\t2\tbo", "\tbo"), "line 10: the row of people has 4 values instead of 5"),
        (COPY.replace("email", "mail"), "line 8: the table people has no column email"),
        (COPY.replace("public.people", "public.persons"), "dump.sql has no table people"),
        (MYSQL.replace("'bo@example.org',", ""), "line 10: the row of people has 3 values"),
        (MYSQL.partition(",36")[0], "line 10: an INSERT into people has no end"),
        (MYSQL.replace("36", "f(36)"), "line 10: this INSERT into people can't be read"),
        (INSERTS.replace("(2, ", "(2, now(), "), "line 14: this INSERT into people can't be read"),
        (COPY.encode("latin-1"), "after line 0: the dump is not in UTF-8"),
        (b"PGDMP\x01\x0e\x00" + bytes(99), "is in pg_dump's custom format"),
        (b"SQLite format 3\x00" + bytes(99), "is an SQLite database"),
        (gzip.compress(COPY.encode())[:-40], "can't be unpacked"),
        (b"", "dump.sql has no table people"),
        (bytes(5000), "dump.sql has no table people"),
    ],
    ids=range(15),
)
def test_a_broken_dump_is_one_sentence(tmp_path: Path, content: str | bytes, told: str) -> None:
    with pytest.raises(BadFileError) as refused:
        read(written(tmp_path, content))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="is a folder; name the dump in it"):
        read(tmp_path)
    with pytest.raises(BadFileError, match="There is no file"):
        read(tmp_path / "none.sql")


def test_an_endless_text_is_read_once(tmp_path: Path) -> None:
    """It was looked through again at each of its lines: minutes for 3 MB."""
    endless = "INSERT INTO x VALUES (1,'\n" * 100_000
    for head in ("", "-- MySQL dump\n"):
        with pytest.raises(BadFileError, match="an INSERT into x has no end"):
            read(written(tmp_path, head + endless))


def test_backquotes_in_a_mail_make_no_dump_of_mysql(tmp_path: Path) -> None:
    dump = INSERTS.replace("'a text with", "'some `code`; CREATE TABLE `x` and C:\\")
    assert read(written(tmp_path, dump)) == EXPECTED


def test_many_rows_in_one_statement_are_read_one_by_one(tmp_path: Path) -> None:
    rows = ",\n".join(f"({number}, 'person{number}@example.org', '''', 1)" for number in range(999))
    dump = f"INSERT INTO people (id, email, note, age) VALUES\n{rows};\n"
    for each in (dump, dump.replace("\n(", "("), "-- MySQL dump\n" + dump + "-- Dump completed\n"):
        found = read(written(tmp_path, each))
        assert len(found) == 999
        assert {row[2] for row in found} == {"'"}
