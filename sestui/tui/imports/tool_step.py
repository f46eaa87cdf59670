"""The migration's first step: which tool."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from sestui.audience.migrate.opening import Tool
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (Column("name", "Tool", width=18), Column("source", "What is read", share=1))
_ABOUT = (
    "Suppressions and unsubscribes first, then lists, contacts, templates and campaigns as drafts. "
    "A dry run comes first; the tool itself is only read."
)


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """A tool that can be taken over."""

    tool: Tool
    name: str
    source: str
    """What is read, in a few words."""
    endings: tuple[str, ...] = (".sql", ".gz", ".zip", ".dump")
    """Of the files to offer; none for a tool without files."""
    takes_folder: bool = False
    example: str = ""


CHOICES = (
    ToolChoice(
        Tool.KEILA, "Keila", "a dump by pg_dump, or the database's URL", example="~/keila.sql"
    ),
    ToolChoice(
        Tool.LISTMONK,
        "listmonk",
        "a dump by pg_dump, or the database's URL",
        example="~/listmonk.sql",
    ),
    ToolChoice(
        Tool.MAILCHIMP,
        "Mailchimp",
        "an export of an audience or the account: a zip or a folder",
        (".zip",),
        takes_folder=True,
        example="~/audience_export.zip",
    ),
    ToolChoice(Tool.SENDY, "Sendy", "a dump by mysqldump or phpMyAdmin", example="~/sendy.sql"),
    ToolChoice(
        Tool.SES_LISTS, "SES contact lists", "the account that mail goes to, at a call a second", ()
    ),
)


class ToolTable(LazyTable[ToolChoice]):
    """The tools."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Choose", id="migration.tool", tooltip="Take over this tool"),
    ]


class ToolStep(Vertical):
    """What is taken over, and the tools."""

    @dataclass
    class Chosen(Message):
        """A tool was chosen."""

        choice: ToolChoice

    def __init__(self) -> None:
        super().__init__(id="migration-tool")
        self._table = ToolTable(_COLUMNS, _cells)

    def compose(self) -> ComposeResult:
        """The sentence and the table."""
        yield Static(_ABOUT, id="migration-about", markup=False)
        yield self._table

    def on_mount(self) -> None:
        """Show them."""
        self._table.show_rows(CHOICES)

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self._table)

    def step_back(self) -> bool:
        """There is nothing to close."""
        return False

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        event.stop()
        if (choice := self._table.selected) is not None:
            self.post_message(self.Chosen(choice))


def _cells(choice: ToolChoice) -> dict[str, Cell]:
    return {"name": (choice.name, ""), "source": (choice.source, "quiet")}
