"""How far a migration is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class MigrationStep(StrEnum):
    """Its steps, in order."""

    READING = "reading"
    """The dump's or database's rows."""
    SORTING = "sorting"
    """What they say about people."""
    SAVING = "saving"
    DRAFTS = "drafts"


@dataclass(frozen=True, slots=True)
class MigrationProgress:
    """How much of a step is done."""

    step: MigrationStep
    done: int
    """Rows, people or mails."""
    whole: int = 0
    """0 if it isn't known."""


OnProgress = Callable[[MigrationProgress], None]
"""Called now and then; StoppedError from it ends the migration, with nobody saved who wasn't."""


def unwatched(_progress: MigrationProgress) -> None:
    """For a migration that nobody follows."""
