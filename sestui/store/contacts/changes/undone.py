"""The result of an undo, as the ways of undoing fill it."""

from dataclasses import dataclass, field

from sestui.errors import StateError
from sestui.store.contacts.changes.journal import Noted


@dataclass
class Undone:
    """The result of an undo."""

    said: str
    """What was done once, as a sentence without its full stop."""
    forget_refusals: bool = False
    """Whether refusals that the change itself brought go with it."""
    restored: int = 0
    """How much of it has been taken back."""
    refusals: int = 0
    """Addresses whose owners had refused mail by what the change brought; they stay unless
    ``forget_refusals``."""
    figures: dict[str, int] = field(default_factory=dict)
    """Of an import: how many of which kind have been taken back."""
    notes: list[str] = field(default_factory=list)
    """What has been taken back and what has not, and why, as sentences."""

    @property
    def sentence(self) -> str:
        """All of it for people."""
        return " ".join([f"Undone: {self.said[:1].lower()}{self.said[1:]}.", *self.notes])

    def note(self, count: int, one: str, many: str) -> None:
        """Add a sentence about some of the contacts, unless they are none."""
        if count:
            self.notes.append(f"1 of them {one}" if count == 1 else f"{count:,} of them {many}")


def refused(change: Noted, why: str) -> StateError:
    """The error of a change that can't be undone."""
    return StateError(f"This can't be undone ({change.said}): {why}.")
