"""Changes to many contacts, lists and saved filters; all calls block."""

from pathlib import Path

from sestui.audience.export import write_contacts
from sestui.reports.output_file import output_file
from sestui.runtime import Runtime
from sestui.store.contacts.changes.bulk import BulkAction, Changed, change_selected
from sestui.store.contacts.changes.journal import Noted, last_change
from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.changes.undo import undo_change, wanted_change
from sestui.store.contacts.changes.undone import Undone
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.contacts.filters import ContactFilters
from sestui.store.contacts.key_queries import Which
from sestui.tui.app.screens.background_jobs import BackgroundJob
from sestui.tui.dialogs.export_file import FileExport
from sestui.tui.widgets.format import grouped


class BulkJob(BackgroundJob[Changed]):
    """A change to many contacts, all or none."""

    stopped = "Stopped: nothing has been changed."

    def __init__(
        self, runtime: Runtime, selection: Selection, action: BulkAction, confirmed: int
    ) -> None:
        super().__init__()
        self._runtime = runtime
        self._selection = selection
        self._action = action
        self._confirmed = confirmed
        self.share = 0.0
        """How far it is, from 0 to 1."""

    def work(self) -> Changed:
        """Make the change in one transaction, which a stop rolls back."""
        return change_selected(
            self._runtime.database,
            self._selection,
            self._action,
            self._runtime.clock.now(),
            confirmed=self._confirmed,
            on_progress=self._report,
        )

    def summary(self, result: Changed) -> str:
        """What was changed, and how many contacts needed no change."""
        rest = result.matched - result.changed
        more = f" {grouped(rest)} of {grouped(result.matched)} needed no change." if rest else ""
        return f"{result.said}.{more}"

    def _report(self, done: int, of: int) -> None:
        self.share = done / max(1, of)
        self.check()


class ContactExport(FileExport):
    """Writes contacts."""

    noun = ("contact", "contacts")

    def __init__(self, runtime: Runtime, wanted: Which | Selection, out: Path) -> None:
        """As :class:`FileExport`."""
        super().__init__(out)
        self._runtime = runtime
        self._wanted = wanted

    def work(self) -> int:
        """Write the file."""
        with output_file(self.out) as file:
            return write_contacts(
                self._runtime.database,
                self._wanted,
                file,
                form=self.form,
                raw=False,
                on_progress=self.report,
            )


class ContactChanges:
    """Lists, saved filters and the journal of one workspace."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.lists = ContactLists(runtime.database)
        self.filters = ContactFilters(runtime.database)

    def now(self) -> float:
        """The instant of a change."""
        return self._runtime.clock.now()

    def list_names(self) -> list[str]:
        """Every list's name."""
        return [each.name for each in self._runtime.contacts.lists()]

    def last(self) -> Noted | None:
        """The change that would be undone; None if there is none."""
        return last_change(self._runtime.database, self.now())

    def wanted(self, change_id: int) -> Noted:
        """That change, if it can be undone."""
        return wanted_change(self._runtime.database, self.now(), change_id)

    def undo(self, change_id: int, *, dry_run: bool = False) -> Undone:
        """Undo the change, or tell what that would do."""
        return undo_change(self._runtime.database, self.now(), change_id, dry_run=dry_run)
