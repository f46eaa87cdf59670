"""Actions on marked contacts: tags, lists, suppression, export."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding

from sestui.core.text import printable
from sestui.store.contacts.changes.bulk import (
    BulkAction,
    Join,
    Leave,
    Suppress,
    Tag,
    Untag,
    counted,
)
from sestui.store.contacts.changes.selection import Selection, count_selected
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.contacts.bulk_dialogs import AddOrRemoveScreen, BulkProgressScreen
from sestui.tui.contacts.changes import BulkJob, ContactChanges, ContactExport
from sestui.tui.contacts.contact_table import ContactTable
from sestui.tui.contacts.suppress import SuppressScreen
from sestui.tui.dialogs.confirm import TYPED_ABOVE, ConfirmScreen
from sestui.tui.dialogs.export_file import ExportPlan, ExportScreen, FileExport, plain_name
from sestui.tui.widgets.format import shorten

_LONGEST_TAG = 100


class MarkedContacts(ScreenPart):
    """Acts on the marked contacts, or on the one under the cursor where none is marked."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding(
            "T",
            "tags",
            "Tags",
            id="contacts.tags",
            tooltip="Add a tag to the marked contacts, or remove one",
        ),
        Binding(
            "L",
            "lists",
            "Lists",
            id="contacts.lists",
            tooltip="Add the marked contacts to a list, or remove them from one",
        ),
        Binding(
            "E",
            "export",
            "Export",
            id="contacts.export",
            tooltip="Write the marked contacts, or all that are shown, to a file",
        ),
    ]

    def __init__(
        self, screen: BaseScreen, table: ContactTable, changed: Callable[[], None]
    ) -> None:
        """``changed`` is called after each change."""
        super().__init__(screen)
        self._table = table
        self._changed = changed
        self._changes = ContactChanges(screen.services.runtime)

    def offers(self, action: str) -> bool:
        """Tags and lists need a contact; the rest is always available."""
        if action in {"tags", "lists"}:
            return self._chosen is not None
        return True

    @property
    def _chosen(self) -> Selection | None:
        """The marked contacts, or the one under the cursor."""
        table = self._table
        if table.marks:
            return table.marks.selection(table.which, table.wanted)
        line = table.selected
        return None if line is None or line.id is None else Selection(ids=(line.id,))

    # changing

    @in_worker("action", exclusive=True)
    async def action_tags(self) -> None:
        """Ask for a tag, and add or remove it."""
        if (counting := await self._counted()) is None:
            return
        selection, count = counting
        answer = await self.app.push_screen_wait(
            AddOrRemoveScreen(
                f"Tags of {counted(count)}",
                "A tag is a word or a few. Tab: go on to Add or Remove.",
                placeholder="vip",
            )
        )
        if answer is None:
            return
        tag = " ".join(answer.name.split())
        if tag != printable(tag) or len(tag) > _LONGEST_TAG:
            self.screen.toast(f"A tag is at most {_LONGEST_TAG} letters and signs.", failed=True)
            return
        action = Tag(tag) if answer.add else Untag(tag)
        verb = f"Tag {{}} {tag}" if answer.add else f"Remove the tag {tag} from {{}}"
        await self._do(selection, count, action, verb)

    @in_worker("action", exclusive=True)
    async def action_lists(self) -> None:
        """Ask for a list, and add or remove them."""
        names = await self.screen.attempt(self._changes.list_names)
        if names is FAILED or (counting := await self._counted()) is None:
            return
        selection, count = counting
        answer = await self.app.push_screen_wait(
            AddOrRemoveScreen(
                f"Lists of {counted(count)}",
                "Right completes a name; one that is new makes a new list. Tab: go on to Add or "
                "Remove.",
                placeholder="newsletter",
                names=[name for name in names if name == printable(name)],
            )
        )
        if answer is None:
            return
        name = " ".join(answer.name.split())
        action = Join(name) if answer.add else Leave(name)
        verb = f"Add {{}} to {name}" if answer.add else f"Remove {{}} from {name}"
        await self._do(selection, count, action, verb)

    @in_worker("action", exclusive=True)
    async def action_suppress_marked(self) -> None:
        """Suppress the marked contacts, after asking for the reason."""
        if (counting := await self._counted()) is None:
            return
        selection, count = counting
        reason = await self.app.push_screen_wait(SuppressScreen(counted(count), many=True))
        if reason:
            await self._do(selection, count, Suppress(reason), "Suppress {}")

    async def _counted(self) -> tuple[Selection, int] | None:
        """The selection and its size; None if it is empty or can't be counted."""
        selection = self._chosen
        if selection is None:
            return None
        if selection.ids is None:
            self._table.show_count("counting…")
        count = await self.screen.attempt(lambda: count_selected(self.runtime.database, selection))
        self._table.show_count("")
        if count is FAILED:
            return None
        if not count:
            self.screen.toast("No contact is marked: these addresses are no contacts.")
            return None
        return selection, count

    async def _do(self, selection: Selection, count: int, action: BulkAction, verb: str) -> None:
        """Confirm a change of many contacts, make it, and show the result."""
        title = verb.format(counted(count))
        many = selection.ids is None or count > TYPED_ABOVE
        if many and not await self.app.push_screen_wait(
            ConfirmScreen(
                f"{shorten(title, 120)}?",
                f"This changes {counted(count)}, all of them or none. u undoes it for a day.",
                recipients=count,
                yes="Change them",
            )
        ):
            return
        job = BulkJob(self.runtime, selection, action, count)
        done = await self.app.push_screen_wait(BulkProgressScreen(self.services, title, job))
        if done is not None:
            self._table.clear_marks()
            self.screen.toast(f"{job.last_words} u undoes it." if done.changed else job.last_words)
            self._changed()

    # exporting

    @in_worker("export", exclusive=True)
    async def action_export(self) -> None:
        """Ask for a file and write the marked contacts to it, or all that are shown."""
        table = self._table
        wanted = (
            table.shown if not table.marks else table.marks.selection(table.which, table.wanted)
        )
        count = table.count or 0
        if isinstance(wanted, Selection):
            found = await self.screen.attempt(lambda: count_selected(self.runtime.database, wanted))
            if found is FAILED:
                return
            count = found
        place = table.which.list_name or "all"

        def export(out: Path) -> FileExport:
            return ContactExport(self.runtime, wanted, out)

        day = datetime.fromtimestamp(self.runtime.clock.now(), self.runtime.settings.zone)
        words = ["contacts", place, table.wanted, f"{day:%Y-%m-%d}"]
        plan = ExportPlan(
            export,
            f"Export {counted(count)}",
            "With status, suppression, tags, lists and every attribute; import reads it back.",
            count,
            plain_name(words),
        )
        said = await self.app.push_screen_wait(ExportScreen(self.services, plan))
        if said:
            self.screen.toast(said)
