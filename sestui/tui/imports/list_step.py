"""The import's third step: which list they join, and what happens to contacts known already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from sestui.core.contact.conflict_policy import OnConflict
from sestui.store.contacts.contacts import ListSize
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_LISTS = (
    Column("name", "Existing lists", share=1),
    Column("contacts", "Contacts", width=12, right=True),
)
_RULES = (
    Column("mark", "", width=1),
    Column("name", "Already known", width=14),
    Column("sentence", "What happens", share=1),
)


class ListTable(LazyTable[ListSize]):
    """The lists, to take one's name from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Choose", id="import.list", tooltip="They join this list"),
    ]


class RuleTable(LazyTable[OnConflict]):
    """The three rules; the one under the cursor is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Try it", id="import.rule",
                tooltip="Count what would happen, without changing anything"),
    ]  # fmt: skip


class ListStep(Vertical):
    """A name, the lists there are, the rules."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "run(True)", "Dry run", id="import.dry-run",
                tooltip="Count what would happen, without changing anything"),
        Binding("i", "run(False)", "Import", id="import.start",
                tooltip="Import the contacts: the whole file, or nothing"),
        Binding("n", "name", "New list", id="import.new-list",
                tooltip="Type the name of a new list"),
    ]  # fmt: skip

    @dataclass
    class Wanted(Message):
        """Everything is chosen."""

        list_name: str
        on_conflict: OnConflict
        dry_run: bool

    def __init__(self) -> None:
        super().__init__(id="import-list")
        self._sizes: dict[str, int] = {}
        self._line = Input(placeholder="the list's name", id="list-name", select_on_focus=False)
        self._about = Static("", id="list-about", markup=False)
        self._lists = ListTable(_LISTS, self._list_cells, id="lists")
        self._rules = RuleTable(_RULES, self._rule_cells, id="rules")
        self._fault = Static("", classes="fault", markup=False)

    def compose(self) -> ComposeResult:
        """Name, lists, rules, what is wrong."""
        yield self._line
        yield self._about
        yield self._lists
        yield self._rules
        yield self._fault

    def on_mount(self) -> None:
        """The rules never change."""
        self._rules.show_rows(tuple(OnConflict))
        self._show_name_hint()

    def show(self, lists: Sequence[ListSize]) -> None:
        """The lists there are."""
        self._sizes = {each.name: each.contacts for each in lists}
        self._lists.show_rows(lists)
        self._lists.display = bool(lists)
        self._show_name_hint()

    def enter(self) -> None:
        """Take the focus: where a name is wanted first."""
        self.say("")
        if self._line.value:
            self.screen.set_focus(self._rules)
        elif self._sizes:
            self.screen.set_focus(self._lists)
        else:
            self.screen.set_focus(self._line)

    def say(self, fault: str) -> None:
        """Show what is wrong; '' clears it."""
        self._fault.update(fault)
        self._fault.display = bool(fault)

    @property
    def rule(self) -> OnConflict:
        """The rule under the cursor."""
        return self._rules.selected or OnConflict.UPDATE

    def _list_cells(self, size: ListSize) -> dict[str, Cell]:
        return {"name": (size.name, ""), "contacts": (grouped(size.contacts), "")}

    def _rule_cells(self, rule: OnConflict) -> dict[str, Cell]:
        chosen = rule == self.rule
        return {
            "mark": ("●" if chosen else "○", "good" if chosen else "quiet"),
            "name": (rule.value, ""),
            "sentence": (rule.sentence, "quiet"),
        }

    def _show_name_hint(self) -> None:
        name = self._line.value.strip()
        if not name:
            text = (
                "Press n to name a new list, or choose one below."
                if self._sizes
                else "Type the name of a new list."
            )
        elif name in self._sizes:
            count = self._sizes[name]
            who = "1 contact is" if count == 1 else f"{grouped(count)} contacts are"
            text = f"{who} on this list; those in the file will join them."
        else:
            text = "A new list: the import creates it. Press enter to go on."
        self._about.update(text)

    # choosing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A line that is typed in takes the letters."""
        if action in {"run", "name"}:
            return not self._line.has_focus
        return super().check_action(action, parameters)

    def action_name(self) -> None:
        """Go to the name; typing replaces the one before."""
        self.screen.set_focus(self._line)
        self._line.select_all()

    def action_run(self, dry_run: bool) -> None:
        """Everything is chosen."""
        name = self._line.value.strip()
        if not name:
            self.say("Name the list for them to join.")
            self.screen.set_focus(self._line)
            return
        self.say("")
        self.post_message(self.Wanted(name, self.rule, dry_run))

    def step_back(self) -> bool:
        """Nothing is open here."""
        return False

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.say("")
        self._show_name_hint()

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.screen.set_focus(self._rules)

    @on(LazyTable.Moved, "#rules")
    def _ruled(self, event: LazyTable.Moved) -> None:
        event.stop()
        self._rules.refresh()

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        event.stop()
        if event.table is self._rules:
            self.action_run(True)
        elif self._lists.selected is not None:
            self._line.value = self._lists.selected.name
            self.screen.set_focus(self._rules)
