"""Which contacts are marked: some by their ids, or all that match but some."""

from collections.abc import Iterable

from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.key_queries import Which
from sestui.tui.widgets.format import grouped

MOST_MARKED = 10_000
"""Who wants more than so many takes all that match, which needs no ids."""


class Marks:
    """The marks of one table."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._all = False

    def __bool__(self) -> bool:
        return self._all or bool(self._ids)

    def has(self, contact_id: int | None) -> bool:
        """Whether the contact is marked; an address that is no contact's never is."""
        return contact_id is not None and (contact_id in self._ids) != self._all

    def toggle(self, contact_id: int) -> None:
        """Mark or unmark the contact."""
        self._ids ^= {contact_id}

    def add(self, contact_ids: Iterable[int]) -> None:
        """Mark these too."""
        if self._all:
            self._ids -= set(contact_ids)
        else:
            self._ids |= set(contact_ids)

    def mark_all(self) -> None:
        """Mark all that match, however many they are."""
        self._all, self._ids = True, set()

    def clear(self) -> None:
        """Unmark all."""
        self._all, self._ids = False, set()

    def filter_changed(self) -> None:
        """The filter has changed: single marks stay, "all that match" is cleared."""
        if self._all:
            self.clear()

    @property
    def full(self) -> bool:
        """Whether no more can be marked one by one."""
        return len(self._ids) >= MOST_MARKED

    @property
    def every(self) -> bool:
        """Whether all that match are marked, some excepted."""
        return self._all

    @property
    def summary(self) -> str:
        """How many, for people; '' for nobody."""
        if not self._all:
            return f"{grouped(len(self._ids))} marked" if self._ids else ""
        return f"all marked but {grouped(len(self._ids))}" if self._ids else "all marked"

    def selection(self, which: Which, text: str) -> Selection:
        """The marked ones, where these are the contacts that are shown."""
        if self._all:
            return Selection(which, text, tuple(sorted(self._ids)))
        return Selection(ids=tuple(sorted(self._ids)))
