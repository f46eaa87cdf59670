"""Open another tool's data by the tool's name, for commands and screens."""
# ruff: noqa: PLC0415 - a tool's reader, psycopg and boto3 are only for those who migrate from it

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sestui.core.clock import Clock
from sestui.core.text import printable
from sestui.sending.ses_access import SesAccess

if TYPE_CHECKING:
    from sestui.audience.migrate.migrate import MigrationSource
    from sestui.audience.migrate.progress import OnProgress
    from sestui.audience.migrate.tables import WantedTable


class Tool(StrEnum):
    """The tools, by the words of the command."""

    KEILA = "keila"
    LISTMONK = "listmonk"
    MAILCHIMP = "mailchimp"
    SENDY = "sendy"
    SES_LISTS = "ses-lists"


@dataclass(frozen=True, slots=True)
class ToolData:
    """Where a tool's data are."""

    tool: Tool
    source: str = ""
    """A path, ``-`` for standard input, or a PostgreSQL database's URL; '' for the account at SES,
    which is the one that mail goes to."""
    list_name: str = ""
    """The list of an audience that Mailchimp's export doesn't name."""

    @property
    def is_url(self) -> bool:
        """Whether it is a running database."""
        from sestui.audience.migrate.postgres import is_url

        return self.tool in {Tool.KEILA, Tool.LISTMONK} and is_url(self.source)

    @property
    def path(self) -> Path | None:
        """The file or folder that is read; None for a database or an account."""
        return None if self.tool is Tool.SES_LISTS or self.is_url else Path(self.source)


@contextmanager
def open_data(
    data: ToolData,
    ses: SesAccess,
    clock: Clock,
    stop: threading.Event,
    on_progress: "OnProgress",
) -> "Iterator[MigrationSource]":
    """The data, checked as far as can be done before they are read; ``stop`` ends calls of SES.

    Raises:
        BadFileError: they aren't the tool's, or can't be read.
        StorageError: the database can't be read, or the disk for temporary files is full.
        AccountError: SES refuses, or doesn't answer.
        UsageError: the list can't have that name.
        StoppedError: ``on_progress`` has stopped it.
    """
    if data.tool is Tool.SES_LISTS:
        yield _of_account(ses, clock, stop)
    elif data.tool is Tool.MAILCHIMP:
        from sestui.audience.imports.importer import check_list_name
        from sestui.audience.migrate.export_files import ExportFiles
        from sestui.audience.migrate.mailchimp import Mailchimp

        check_list_name(data.list_name)
        with ExportFiles(Path(data.source)) as files:
            yield Mailchimp(files, data.list_name)
    else:
        with _of_tables(data, on_progress) as source:
            yield source


@contextmanager
def _of_tables(data: ToolData, on_progress: "OnProgress") -> "Iterator[MigrationSource]":
    from sestui.audience.migrate import keila, listmonk, postgres, sendy, sql_dump
    from sestui.audience.migrate.tables import Tables

    readers: dict[Tool, tuple[Callable[[Tables], MigrationSource], str, Sequence[WantedTable]]] = {
        Tool.KEILA: (keila.Keila, keila.TOOL, keila.WANTED),
        Tool.LISTMONK: (listmonk.Listmonk, listmonk.TOOL, listmonk.WANTED),
        Tool.SENDY: (sendy.Sendy, sendy.TOOL, sendy.WANTED),
    }
    reader, tool, wanted = readers[data.tool]
    name = "standard input" if data.source == "-" else printable(data.source)
    with Tables(tool, "the database" if data.is_url else name, wanted, on_progress) as tables:
        if data.is_url:
            postgres.read_database(data.source, tables)
        else:
            sql_dump.read_dump(Path(data.source), tables)
        yield reader(tables)


def _of_account(ses: SesAccess, clock: Clock, stop: threading.Event) -> "MigrationSource":
    from sestui.audience.migrate.ses_lists import SesLists
    from sestui.ses.contact_lists import SesContactLists
    from sestui.ses.suppression_list import SuppressionList

    clients, simulated = ses.clients, ses.simulated
    return SesLists(
        SuppressionList(clients, clock, simulated=simulated, stop=stop),
        SesContactLists(clients, clock, simulated=simulated, stop=stop),
        "the simulator's account" if simulated else f"the account in {clients.region}",
    )
