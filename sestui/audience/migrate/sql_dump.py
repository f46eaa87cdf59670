"""Read the rows out of a plain-text SQL dump: of pg_dump, mysqldump, mariadb-dump or phpMyAdmin.

A dump is read line by line, and its rows go to a temporary database: it may be far bigger than the
memory, and its tables come in the order of their names rather than in the one that we need.
"""

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from sestui.audience.migrate.tables import Filler, Tables
from sestui.audience.sources.encoding import unicode_by_sight
from sestui.audience.sources.opening import STANDARD_INPUT, OpenedFile, open_contacts
from sestui.core.text import printable
from sestui.errors import BadFileError

_HEAD = 64 * 1024
_MAX_LINE = 256 * 1024 * 1024
"""Characters of a line or a row: MySQL's statements have up to its packet's size, 64 MB as a
rule."""

_NAME = r"(?:[\w$]+|\"[^\"]+\"|`[^`]+`)"
_TABLE = rf"((?:{_NAME}\.)?{_NAME})"
_copy = re.compile(rf"COPY {_TABLE} \((.*)\) FROM stdin;\s*\Z").match
_insert = re.compile(
    rf"INSERT (?:IGNORE )?INTO {_TABLE}\s*(?:\(([^()]*)\)\s*)?"
    r"(?:OVERRIDING \w+ VALUE\s+)?VALUES\s*",
    re.IGNORECASE,
).match
_create = re.compile(rf"CREATE TABLE (?:IF NOT EXISTS )?{_TABLE} \(\s*\Z", re.IGNORECASE).match
_column = re.compile(rf"\s*({_NAME})\s").match
_NO_COLUMNS = frozenset(
    {"primary", "key", "unique", "constraint", "foreign", "check", "index", "fulltext", "exclude"}
)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_MYSQL_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}

# Possessive, so that a broken row is refused at once.
_POSTGRES_TEXT = r"[eEnN]?'(?:[^']++|'')*+'(?:::[\w\[\] ]++)?"
_MYSQL_TEXT = r"(?:_\w++\s*+|[nN])?'(?:[^'\\]++|\\.|'')*+'"
_PLAIN = r"[^\s'(),;]++"


class _Dialect:
    def __init__(self, quoted: str) -> None:
        value = rf"(?:{quoted}|{_PLAIN})"
        self.row = re.compile(rf"\s*+\(\s*+{value}(?:\s*+,\s*+{value})*+\s*+\)", re.DOTALL)
        self.value = re.compile(rf"\s*+[(,]\s*+({value})", re.DOTALL)


_POSTGRES, _MYSQL = _Dialect(_POSTGRES_TEXT), _Dialect(_MYSQL_TEXT)
_ENDS = (
    *("-- PostgreSQL database dump complete", "-- Dump completed"),
    "/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT",
)
_of_mysql = re.compile(
    r"^(?:-- (?:MySQL|MariaDB|phpMyAdmin)|(?:DROP TABLE|CREATE TABLE|INSERT)[\w ]*? `)",
    re.MULTILINE,
).search
_separator = re.compile(r"\s*+([,;]|ON\s)", re.IGNORECASE)
_REFUSED = {
    b"PGDMP": "is in pg_dump's custom format; make it plain text by `pg_restore -f dump.sql`",
    b"SQLite format 3\x00": "is an SQLite database, not a dump in SQL",
}


def read_dump(path: Path, tables: Tables) -> None:
    """Read the wanted tables of a dump, which may be packed with gzip or zip.

    Raises:
        BadFileError: it isn't a whole dump with the tables, or breaks off; names the line.
        StorageError: the disk for temporary files is full.
    """
    if path != STANDARD_INPUT and path.is_dir():
        raise BadFileError(f"{printable(str(path))} is a folder; name the dump in it.")
    opened = open_contacts(path)
    with opened.file:
        dump = _Dump(opened, tables)
        with dump.text:
            dump.read()
    tables.check_complete()


class _Dump:
    """One dump while it is read."""

    def __init__(self, opened: OpenedFile, tables: Tables) -> None:
        self._name = opened.name
        self._tables = tables
        self._line = 0
        head = opened.file.read(_HEAD)
        opened.file.seek(0)
        for magic, told in _REFUSED.items():
            if head.startswith(magic):
                raise BadFileError(f"{self._name} {told}.")
        codec = unicode_by_sight(head) or "utf-8"
        self.text = io.TextIOWrapper(opened.file, codec, errors="strict", newline="\n")
        try:
            start = codecs.getincrementaldecoder(codec)("replace").decode(head)
        except UnicodeError:
            start = ""
        # Not any backquote, as a mail in Markdown has them.
        self._dialect = _MYSQL if _of_mysql(start) else _POSTGRES
        self._ends = re.search(
            r"^-- (?:PostgreSQL database|MySQL|MariaDB) dump|SET @OLD_CHARACTER_SET_CLIENT=",
            start,
            re.MULTILINE,
        )
        self._ended = False
        self._columns: dict[str, list[str]] = {}

    def read(self) -> None:
        """Read it to its end.

        Raises:
            BadFileError: it is broken.
        """
        for line in self._lines():
            if line.startswith("COPY ") and (found := _copy(line)):
                self._copied(_plain_name(found[1]), _names(found[2]))
            elif line[:7].upper() == "INSERT " and (found := _insert(line)):
                self._inserted(found, line)
            elif line[:13].upper() == "CREATE TABLE " and (found := _create(line)):
                self._columns[_plain_name(found[1])] = self._created()
            elif line.startswith(_ENDS):
                self._ended = True
        if self._ends and not self._ended:
            raise BadFileError(
                f"{self._name} breaks off after line {self._line:,}: it has no line that says it "
                "is complete. Make the dump again."
            )

    def _lines(self) -> Iterator[str]:
        while line := self._next():
            yield line

    def _next(self) -> str:
        """The next line with its end; '' after the last.

        Raises:
            BadFileError: it is too long, or not text.
        """
        try:
            line = self.text.readline(_MAX_LINE)
        except UnicodeError as error:
            raise BadFileError(
                f"{self._name}, after line {self._line:,}: the dump is not in UTF-8; make it "
                "again in that encoding."
            ) from error
        self._line += 1 if line else 0
        if len(line) == _MAX_LINE:
            self._fail("the line is too long for a dump")
        return line

    def _fail(self, problem: str, line: int | None = None) -> NoReturn:
        raise BadFileError(f"{self._name}, line {line or self._line:,}: {problem}.")

    def _filler(self, table: str, columns: Sequence[str]) -> Filler | None:
        if self._tables.wants(table) is None:
            return None
        return self._tables.filler(table, columns, f"{self._name}, line {self._line:,}")

    def _created(self) -> list[str]:
        """The columns of the table whose definition begins here."""
        columns = []
        for line in self._lines():
            if line.lstrip().startswith(")"):
                break
            found = _column(line)
            if found and found[1].lower() not in _NO_COLUMNS:
                columns.append(_plain_name(found[1]))
        return columns

    # COPY

    def _copied(self, table: str, columns: list[str]) -> None:
        filler = self._filler(table, columns)
        began, width = self._line, len(columns)
        for line in self._lines():
            if line.startswith("\\."):
                break
            if filler is None:
                continue
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) != width:
                self._fail(f"the row of {table} has {len(cells)} values instead of {width}")
            if "\\" in line:
                filler.add(list(map(_copied_cell, cells)), self._line)
            else:
                filler.add(cells, self._line)
        else:
            self._fail(f"the dump breaks off in the rows of {table}", began)
        if filler is not None:
            filler.finish()

    # INSERT

    def _inserted(self, found: re.Match[str], line: str) -> None:
        table = _plain_name(found[1])
        columns = _names(found[2]) if found[2] else self._columns.get(table, [])
        filler = self._filler(table, columns)
        began, rest, position = self._line, line, found.end()
        while True:
            row = self._dialect.row.match(rest, position)
            end = _separator.match(rest, row.end()) if row else None
            if row is None or end is None:
                rest, position = rest[position:], 0
                if not self._is_open(rest) and rest.rstrip().endswith(";"):
                    self._fail(f"this INSERT into {table} can't be read")
                rest = self._longer(rest, began, table)
                continue
            if filler is not None:
                cells = self._cells(row[0])
                if len(cells) != len(columns):
                    told = f"the row of {table} has {len(cells)} values instead of {len(columns)}"
                    self._fail(told)
                filler.add(cells, self._line)
            position = end.end()
            if end[1] != ",":
                break
        if filler is not None:
            filler.finish()

    def _longer(self, rest: str, began: int, table: str) -> str:
        """``rest`` with more lines, until a row may be complete.

        Raises:
            BadFileError: the dump breaks off, or what follows is no row.
        """
        parts = [rest]
        size, is_open = len(rest), self._is_open(rest)
        while True:
            line = self._next()
            if not line:
                self._fail(f"an INSERT into {table} has no end: the dump is not complete", began)
            parts.append(line)
            size += len(line)
            if size > _MAX_LINE:
                self._fail(f"an INSERT into {table} can't be read", began)
            is_open ^= self._is_open(line)
            # Rows end where lines do; looking for one in every line would take the square of time.
            if not is_open and line.rstrip().endswith((")", ",", ";")):
                return "".join(parts)

    def _is_open(self, text: str) -> bool:
        """Whether a quoted text goes on; a mark within one is doubled, or escaped."""
        if self._dialect is _MYSQL:
            text = re.sub(r"\\.", "", text, flags=re.DOTALL)
        return text.count("'") % 2 == 1

    def _cells(self, row: str) -> list[str | None]:
        mysql = self._dialect is _MYSQL
        return [_value(found[1], mysql=mysql) for found in self._dialect.value.finditer(row)]


def _value(written: str, *, mysql: bool) -> str | None:
    """A value of an INSERT; None for NULL."""
    opening = written.find("'")
    if opening < 0:
        if written.upper() == "NULL":
            return None
        if mysql and written[:2].lower() == "0x":
            return _from_hex(written[2:])
        return {"true": "t", "false": "f"}.get(written.lower(), written)
    text = written[opening + 1 : written.rindex("'")]
    if mysql:
        escapes = _MYSQL_ESCAPES
    elif written[0] in "eE":
        escapes = _ESCAPES
    else:
        return text.replace("''", "'")
    return re.sub(
        r"''|\\(.)",
        lambda found: escapes.get(found[1], found[1]) if found[1] else "'",
        text,
        flags=re.DOTALL,
    )


def _from_hex(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode()
    except ValueError:
        return digits


def _copied_cell(cell: str) -> str | None:
    if cell == "\\N":
        return None
    if "\\" not in cell:
        return cell
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), cell)


def _plain_name(name: str) -> str:
    """A table's or column's name without schema and quotes."""
    found = re.findall(_NAME, name)
    return str(found[-1]).strip('"`') if found else name


def _names(text: str) -> list[str]:
    return [_plain_name(name.strip()) for name in text.split(",")]
