"""The user's choice of each column's use, starting from the recognised ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from sestui.audience.imports.columns import EMAIL, IGNORE, OWN, STATUS, TAGS, attribute_names, tidy
from sestui.core.text import printable
from sestui.errors import UsageError


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A use for each column: ``email``, ``tags``, ``status``, ``-`` or an attribute's name.

    Positions count from 0. At most one column is ``email``, and no two are the same attribute.
    """

    labels: tuple[str, ...]
    uses: tuple[str, ...]

    @classmethod
    def of(cls, labels: Sequence[str], uses: Sequence[str]) -> Self:
        """The recognised uses."""
        return cls(tuple(labels), tuple(uses))

    @property
    def email(self) -> int | None:
        """The position of the address column, or None."""
        return self.uses.index(EMAIL) if EMAIL in self.uses else None

    @property
    def fault(self) -> str:
        """Why this can't be imported yet, as a sentence; '' if it can."""
        return "" if EMAIL in self.uses else "Choose the column that holds the addresses."

    def with_email(self, position: int) -> Self:
        """With this address column; the previous one becomes an attribute."""
        before = self.email
        if before == position:
            return self
        freed = self if before is None else self._with(before, self._own_name(before))
        return freed._with(position, EMAIL)

    def with_tags(self, position: int) -> Self:
        """With this column toggled between tags and an attribute."""
        return self._toggled(position, TAGS)

    def with_status(self, position: int) -> Self:
        """With this column toggled between statuses and an attribute."""
        return self._toggled(position, STATUS)

    def with_ignored(self, position: int) -> Self:
        """With this column toggled between ignored and an attribute."""
        return self._toggled(position, IGNORE)

    def with_attribute(self, position: int, name: str) -> Self:
        """With this column as ``tags``, ``status`` or the attribute ``name``, tidied for templates.

        Raises:
            UsageError: the name has no letter or digit, or another column has it.
        """
        tidied = tidy(name)
        if not tidied:
            raise UsageError("An attribute's name needs a letter or a digit.")
        for used in (TAGS, STATUS):
            if tidied == tidy(used):
                return self._with(position, used)
        other = self.uses.index(tidied) if tidied in self.uses else position
        if other != position:
            raise UsageError(f"{tidied} is what {printable(self.labels[other])[:40]} becomes.")
        return self._with(position, tidied)

    def mapping(self) -> dict[int, str]:
        """The importer's mapping: column number, from 1, to use."""
        return dict(enumerate(self.uses, 1))

    def _toggled(self, position: int, use: str) -> Self:
        return self._with(position, self._own_name(position) if self.uses[position] == use else use)

    def _own_name(self, position: int) -> str:
        """A unique attribute name from the column's own label."""
        taken = {
            number: use
            for number, use in enumerate(self.uses)
            if number != position and use not in {EMAIL, TAGS, STATUS, OWN, IGNORE}
        }
        name = attribute_names(self.labels, taken, set())[position]
        return f"{STATUS}_text" if name == STATUS else name

    def _with(self, position: int, use: str) -> Self:
        uses = (*self.uses[:position], use, *self.uses[position + 1 :])
        return replace(self, uses=uses)
