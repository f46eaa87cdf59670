"""Apply list files: YAML with ``kind: list`` and a name. A list that is missing is created."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sestui.compose.apply import Change, FieldChange, refuse_repeated_names
from sestui.compose.files import text_of
from sestui.core.campaign.front_matter import read_yaml
from sestui.core.clock import Instant
from sestui.core.suggestions import similar_or_known
from sestui.core.text import printable
from sestui.errors import BadFileError, UsageError
from sestui.store.contacts.contact_lists import ContactLists, list_name

_NAMES = ("kind", "name")


@dataclass(frozen=True, slots=True)
class ListPlan:
    """The change that a list's file would make."""

    path: str
    name: str
    change: Change
    kind: ClassVar[str] = "list"
    changes: ClassVar[tuple[FieldChange, ...]] = ()
    diff: ClassVar[str] = ""
    warnings: ClassVar[tuple[str, ...]] = ()


def describes_list(path: Path) -> bool:
    """Whether the YAML file is a list's.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: it isn't valid YAML; names file and line.
    """
    return read_yaml(text_of(path), printable(str(path))).get("kind") == "list"


def plan_lists(lists: ContactLists, paths: Sequence[Path]) -> list[ListPlan]:
    """Compare files with the database; nothing is written.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: one is no list, or two are the same; the text names the file.
    """
    known = lists.names()
    plans = []
    for path in paths:
        name = _name_in(path)
        change = Change.UNCHANGED if name in known else Change.CREATED
        plans.append(ListPlan(printable(str(path)), name, change))
    refuse_repeated_names(plans)
    return plans


def apply_lists(lists: ContactLists, plans: Sequence[ListPlan], now: Instant) -> None:
    """Create what is missing."""
    for each in plans:
        if each.change is Change.CREATED:
            lists.add(each.name, now)


def _name_in(path: Path) -> str:
    shown = printable(str(path))
    values = read_yaml(text_of(path), shown)
    for name in values:
        if name not in _NAMES:
            hint = similar_or_known(str(name), _NAMES)
            raise BadFileError(f"{shown}: there is no field {printable(str(name))!r} ({hint}).")
    given = values.get("name")
    if not isinstance(given, str):
        raise BadFileError(f"{shown}: name must be text.")
    try:
        return list_name(given)
    except UsageError as error:
        raise BadFileError(f"{shown}: {error}") from error
