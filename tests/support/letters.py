"""What letters mean: as the guide's table says it, and as the screens' bindings have it."""

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding

from sestui.tui.app.screens.screen_part import ScreenPart
from tests.support import documents
from tests.support.modules import PACKAGE, nodes
from tests.support.screens import own_classes

PAGE = "docs/guide/keys.md"
EVERYWHERE = "everywhere"
_PLACES = {
    "Home": "home",
    "Campaigns": "campaigns",
    "deliveries": "deliveries",
    "Contacts": "contacts",
    "import": "imports",
    "Compose": "compose",
    "Schedule": "schedule",
    "Log": "log",
    "Outbox": "outbox",
    "Account": "account",
    EVERYWHERE: EVERYWHERE,
}
"""The folders of ``sestui/tui`` by what the guide calls them."""
_SHARED = {"app", "dialogs", "widgets", "web", "_compat"}
"""What the others are made of: nobody's own."""
_SIGNS = {
    next(iter(Binding.make_bindings([Binding(sign, "")]))).key: sign
    for sign in string.punctuation
    if sign != ","
}
"""Textual's names of keys: ``slash`` is ``/``. A comma stands between names and has none."""
_WAYS = {"open_run": "campaigns", "open_contact": "contacts", "compose_campaign": "compose"}
"""The folders that functions of ``app/navigation.py`` lead to."""


@dataclass(frozen=True)
class Meaning:
    """A row of the table."""

    key: str
    labels: frozenset[str]
    places: frozenset[str]


@dataclass(frozen=True)
class Letter:
    """A letter that a class of ``place`` binds."""

    key: str
    label: str
    place: str
    where: str


def told() -> list[Meaning]:
    """The table, in its order."""
    rows = [
        re.fullmatch(r"\| `(\S)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|", line)
        for line in documents.read(PAGE).prose
    ]
    return [
        Meaning(
            row[1],
            frozenset(_labels(row[2])),
            frozenset(_PLACES[each] for each in row[3].split(", ")),
        )
        for row in rows
        if row is not None
    ]


def _labels(cell: str) -> list[str]:
    """Some labels have a comma themselves."""
    return [each.replace(";", ",") for each in cell.replace(", and", "; and").split(", ")]


def bound() -> Iterator[Letter]:
    """Every key that is one character, of everything that is shown and what it is composed of."""
    own = own_classes()  # has imported all there is
    seen = set()
    for kind in [*ScreenPart.__subclasses__(), *own]:  # a screen repeats what its parts bind
        for binding in kind.__dict__.get("BINDINGS", ()):
            if not isinstance(binding, Binding) or id(binding) in seen:
                continue
            seen.add(id(binding))
            folder = kind.__module__.split(".")[2]
            for name in binding.key.split(","):
                key = name if len(name) == 1 else _SIGNS.get(name)
                if key is not None:
                    place = EVERYWHERE if folder in _SHARED else folder
                    yield Letter(key, binding.description, place, kind.__name__)


def in_reach() -> set[frozenset[str]]:
    """Pairs of folders of which one shows or opens what belongs to the other."""
    pairs = set()
    for path, module in nodes().items():
        if not path.is_relative_to(PACKAGE / "tui"):
            continue
        place = path.parent.name
        if place in _SHARED | {"tui"}:
            continue
        for node in module:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sestui.tui."):
                folder = str(node.module).split(".")[2]
                found = {_WAYS.get(each.name, folder) for each in node.names}
                pairs |= {frozenset({place, each}) for each in found - _SHARED - {place}}
    return pairs


def meet(one: Meaning, other: Meaning, pairs: set[frozenset[str]]) -> bool:
    """Whether both could be meant where one is."""
    both = one.places | other.places
    return (
        EVERYWHERE in both
        or bool(one.places & other.places)
        or any(frozenset({a, b}) in pairs for a in one.places for b in other.places)
    )
