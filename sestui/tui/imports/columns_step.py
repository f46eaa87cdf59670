"""The import's second step: the file's columns, its first rows, and what each column becomes."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from sestui.audience.imports.column_mapping import ColumnChoice
from sestui.audience.imports.columns import EMAIL, IGNORE, OWN, STATUS, TAGS, in_words
from sestui.audience.imports.preview import Preview
from sestui.errors import UsageError
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_ROWS = 5
_SAID = 4
"""Lines that tell what the first rows say."""

_COLUMNS = (
    Column("number", "#", width=4, right=True),
    Column("label", "Column", width=8, share=2),
    Column("use", "Becomes", width=8, share=2),
    Column("row 0", "Row 1", width=6, share=3),
    Column("row 1", "Row 2", share=3, from_width=70),
    Column("row 2", "Row 3", share=3, from_width=100),
    Column("row 3", "Row 4", share=3, from_width=140),
    Column("row 4", "Row 5", share=3, from_width=170),
)
_KINDS = {EMAIL: "good", TAGS: "busy", STATUS: "warning", OWN: "good", IGNORE: "quiet"}


class ColumnTable(LazyTable[int]):
    """A row for each column of the file: the rows are positions, from 0."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Go on", id="import.columns",
                tooltip="The columns are as they should be: go on to the list"),
    ]  # fmt: skip


class ColumnsStep(Vertical):
    """Shows a file on its side: there are often more columns than a screen is wide."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("at", "email", "Email", key_display="@", id="import.email",
                tooltip="This column holds the addresses"),
        Binding("t", "tags", "Tags", id="import.tags",
                tooltip="This column holds tags; again undoes that"),
        Binding("s", "status", "Status", id="import.status",
                tooltip="This column says who may be mailed; again undoes that"),
        Binding("x", "ignore", "Leave out", id="import.ignore",
                tooltip="This column is left out; again undoes that"),
        Binding("a", "name", "Attribute", id="import.attribute",
                tooltip="Name the attribute that this column becomes"),
    ]  # fmt: skip

    class Settled(Message):
        """The columns have been confirmed."""

    def __init__(self) -> None:
        super().__init__(id="import-columns")
        self._seen: Preview | None = None
        self._rows: Sequence[Sequence[str]] = ()
        self.choice = ColumnChoice((), ())
        """What each column becomes."""
        self._table = ColumnTable(_COLUMNS, self._cells)
        self._line = Input(placeholder="the attribute's name", id="attribute")
        self._says = Static("", id="import-says", markup=False)
        self._fault = Static("", classes="fault", markup=False)

    def compose(self) -> ComposeResult:
        """Table, what the file says of who left, the line for a name, what is wrong."""
        yield self._table
        yield self._says
        yield self._line
        yield self._fault

    def on_mount(self) -> None:
        """The line comes when it is asked for."""
        self._line.display = False

    def show(self, seen: Preview) -> None:
        """Start with what was recognised."""
        self._seen = seen
        self._rows = seen.rows[:_ROWS]
        self._table.show_rows(range(len(seen.labels)))
        self._table.cursor = 0
        self._choose(ColumnChoice.of(seen.labels, seen.uses))

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self._table)

    def _choose(self, choice: ColumnChoice) -> None:
        self.choice = choice
        self._say(choice.fault)
        self._show_statuses()
        self._table.refresh()

    def _say(self, fault: str) -> None:
        self._fault.update(fault)
        self._fault.display = bool(fault)

    def _show_statuses(self) -> None:
        """Show the statuses in the first rows, or ask what unknown ones mean.

        It is only true of columns that are used for it.
        """
        used = {
            label
            for label, use in zip(self.choice.labels, self.choice.uses, strict=True)
            if use == STATUS
        }
        seen = self._seen
        lines = []
        if seen is not None:
            lines = [
                f"First rows: {each.sentence}" for each in seen.statuses if each.column in used
            ]
            lines = [*lines[:_SAID], *(["…"] if len(lines) > _SAID else [])]
            lines += [
                f"{each.sentence[0].upper()}{each.sentence[1:]}: a keeps the column as an "
                "attribute, x leaves it out."
                for each in seen.unknown
                if each.label in used
            ]
        self._says.update("\n".join(lines))
        self._says.display = bool(lines)

    def _cells(self, position: int) -> dict[str, Cell]:
        use = self.choice.uses[position]
        cells: dict[str, Cell] = {
            "number": (str(position + 1), "quiet"),
            "label": (self.choice.labels[position], ""),
            "use": (in_words(use), _KINDS.get(use, "")),
        }
        kind = "quiet" if use == IGNORE else ""
        for number, row in enumerate(self._rows):
            cells[f"row {number}"] = (row[position] if position < len(row) else "", kind)
        return cells

    # choosing

    def action_email(self) -> None:
        """This column holds the addresses."""
        self._choose(self.choice.with_email(self._table.cursor))

    def action_tags(self) -> None:
        """Toggle whether this column holds tags."""
        self._choose(self.choice.with_tags(self._table.cursor))

    def action_status(self) -> None:
        """Toggle whether this column holds statuses."""
        self._choose(self.choice.with_status(self._table.cursor))

    def action_ignore(self) -> None:
        """Toggle whether this column is left out."""
        self._choose(self.choice.with_ignored(self._table.cursor))

    def action_name(self) -> None:
        """Ask for the attribute's name, on the spot."""
        use = self.choice.uses[self._table.cursor]
        self._line.value = "" if use in _KINDS else use
        self._line.display = True
        self.screen.set_focus(self._line)

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            choice = self.choice.with_attribute(self._table.cursor, event.value)
        except UsageError as error:
            self._say(str(error))
            return
        self.step_back()
        self._choose(choice)

    def step_back(self) -> bool:
        """Close the line."""
        if not self._line.display:
            return False
        self._line.display = False
        self.screen.set_focus(self._table)
        self._say(self.choice.fault)
        return True

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        event.stop()
        if not self.choice.fault:
            self.post_message(self.Settled())
        else:
            self._say(f"{self.choice.fault} Press @ to choose this one.")
