"""The tables of another tool's database, copied to a temporary one that can be queried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from sestui.audience.imports.temporary_database import open_temporary, translated
from sestui.audience.migrate.progress import (
    MigrationProgress,
    MigrationStep,
    OnProgress,
    unwatched,
)
from sestui.errors import BadFileError

_BATCH = 5_000
_FETCHED = 50
"""Rows read at a time: a campaign's may hold a mail each."""
_BATCH_CHARACTERS = 8_000_000
"""Characters of waiting rows from which on they are written."""

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class WantedTable:
    """A table that is read, by the tool's own names."""

    name: str
    columns: tuple[str, ...]
    """Without these it isn't the tool's table."""
    more: tuple[str, ...] = ()
    """Columns that some versions don't have; they are empty then."""
    needed: bool = True
    """Whether a dump without the table is refused."""


class Tables:
    """The rows of the wanted tables: every cell as text, with its place in the source.

    Args:
        tool: the tool's name, for errors.
        source: the dump's or database's name, printable.
        wanted: the tables.
        on_progress: is told how many rows are stored.
    """

    def __init__(
        self,
        tool: str,
        source: str,
        wanted: Sequence[WantedTable],
        on_progress: OnProgress = unwatched,
    ) -> None:
        self.tool = tool
        self.source = source
        self._wanted = {table.name: table for table in wanted}
        self._seen: set[str] = set()
        self._on_progress = on_progress
        self._stored = 0
        self._connection = open_temporary()
        for table in wanted:
            columns = ", ".join(f'"{name}" TEXT' for name in (*table.columns, *table.more))
            self._connection.execute(f'CREATE TABLE "{table.name}" ({columns}, line INTEGER)')

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    @property
    def names(self) -> list[str]:
        """Names of the wanted tables."""
        return list(self._wanted)

    def wants(self, table: str) -> WantedTable | None:
        """The table by this name, if it is wanted."""
        return self._wanted.get(table)

    def filler(self, table: str, columns: Sequence[str], place: str) -> "Filler":
        """A writer of rows with these columns; ``place`` is where the source names them.

        Raises:
            BadFileError: a needed column is missing.
        """
        wanted = self._wanted[table]
        for name in wanted.columns:
            if name not in columns:
                raise BadFileError(
                    f"{place}: the table {table} has no column {name}; this is not the database "
                    f"of {self.tool}, or of a version that sestui doesn't know."
                )
        self._seen.add(table)
        taken = [name for name in (*wanted.columns, *wanted.more) if name in columns]
        return Filler(self, table, taken, [columns.index(name) for name in taken])

    def check_complete(self) -> None:
        """Check that every needed table was there, even without rows.

        Raises:
            BadFileError: one was not.
        """
        for table in self._wanted.values():
            if table.needed and table.name not in self._seen:
                raise BadFileError(
                    f"{self.source} has no table {table.name}; this is not a whole dump of the "
                    f"database of {self.tool}, with its data."
                )

    def index(self, table: str, *columns: str) -> None:
        """Index columns, for queries that join tables."""
        with translated():
            self._connection.execute(
                f'CREATE INDEX "{table} {columns[0]}" ON "{table}" ({", ".join(columns)})'
            )

    def rows(self, query: str) -> Iterator[Row]:
        """The results of a query, by column."""
        with translated():
            cursor = self._connection.execute(query)
            names = [column[0] for column in cursor.description]
            while found := cursor.fetchmany(_FETCHED):
                for row in found:
                    yield dict(zip(names, row, strict=True))

    def store(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run an insert for several rows.

        Raises:
            StorageError: the disk for temporary files is full.
        """
        with translated():
            self._connection.execute("BEGIN")
            self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
        self._stored += len(rows)
        self._on_progress(MigrationProgress(MigrationStep.READING, self._stored))


class Filler:
    """Writes the rows of one table, in batches; :meth:`finish` writes the last."""

    def __init__(
        self, tables: Tables, table: str, columns: Sequence[str], positions: Sequence[int]
    ) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" * (len(columns) + 1))
        self._insert = f'INSERT INTO "{table}" ({names}, line) VALUES ({marks})'  # noqa: S608 - own names
        self._tables = tables
        self._positions = positions
        self._batch: list[tuple[Any, ...]] = []
        self._characters = 0

    def add(self, cells: Sequence[str | None], line: int) -> None:
        """Add a row with all columns of the source."""
        wanted = [cells[position] for position in self._positions]
        self._batch.append((*wanted, line))
        self._characters += sum(len(cell) for cell in wanted if cell)
        if len(self._batch) >= _BATCH or self._characters > _BATCH_CHARACTERS:
            self.finish()

    def finish(self) -> None:
        """Write what is left."""
        if self._batch:
            self._tables.store(self._insert, self._batch)
            self._batch.clear()
            self._characters = 0


def text_of(row: Row, column: str) -> str:
    """A cell; '' for one without a value."""
    return row[column] or ""


def line_of(row: Row, column: str = "line") -> int:
    """Where the row stands in its source."""
    return int(row[column] or 0)
