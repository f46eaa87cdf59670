"""The operator's own keys: the actions that can be rebound, and which keys are valid."""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character

import sestui.tui

_MODIFIERS = frozenset({"ctrl", "shift", "alt", "meta", "super", "hyper"})
_NAMES = frozenset(key.value for key in Keys) | frozenset(KEY_NAME_REPLACEMENTS.values())


@dataclass(frozen=True, slots=True)
class Action:
    """Something that has keys."""

    id: str
    keys: str
    """As declared, comma-separated."""
    description: str
    tooltip: str
    beside: frozenset[str]
    """Ids of actions of the same screen or widget: two of them can't share a key."""


@dataclass(frozen=True, slots=True)
class SortedOut:
    """The valid part of a keymap."""

    usable: dict[str, str]
    complaints: tuple[str, ...]
    """What can't be used and who loses a key, each in a few words."""


def actions() -> dict[str, Action]:
    """Every action that can be given other keys, by its id.

    Imports every screen there is, which may take a second: call it off the UI thread.
    """
    for module in pkgutil.walk_packages(sestui.tui.__path__, "sestui.tui."):
        if not module.name.startswith("sestui.tui.web"):  # it has no screens, and wants an extra
            importlib.import_module(module.name)
    found: dict[str, Binding] = {}
    beside: defaultdict[str, set[str]] = defaultdict(set)
    for kind in _declared(DOMNode):
        ids = [binding.id for binding in _bindings(kind) if binding.id]
        for name in ids:
            beside[name].update(ids)
        for binding in _bindings(kind):
            if binding.id:
                found.setdefault(binding.id, binding)
    return {
        name: Action(
            name,
            binding.key,
            binding.description,
            binding.tooltip,
            frozenset(beside[name] - {name}),
        )
        for name, binding in sorted(found.items())
    }


def _bindings(kind: type[DOMNode]) -> Iterator[Binding]:
    """Declared by sestui for a class, by itself or by one that it derives from."""
    for each in kind.__mro__:
        if each.__module__.startswith("sestui.tui."):
            for binding in each.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding):
                    yield binding


def _declared(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("sestui.tui."):
            yield each
        yield from _declared(each)


def sort_out(keymap: Mapping[str, str], known: Mapping[str, Action]) -> SortedOut:
    """The valid part of a keymap: existing actions with valid keys."""
    usable: dict[str, str] = {}
    complaints: list[str] = []
    for name, keys in keymap.items():
        if name not in known:
            complaints.append(f"there is no action {name}")
            continue
        wrong = [key for key in keys.split(",") if not is_key(key)]
        complaints += [f"{name}: there is no key {key}" for key in wrong]
        good = [key for key in keys.split(",") if key not in wrong]
        if good:
            usable[name] = ",".join(good)
    for name, keys in usable.items():
        for other in sorted(known[name].beside - set(usable)):
            lost = _normal(keys) & _normal(known[other].keys)
            complaints += [f"{name} takes {key} from {other}" for key in sorted(lost)]
    return SortedOut(usable, tuple(complaints))


def _normal(keys: str) -> set[str]:
    """Keys by the names that Textual gives them: ``/`` is ``slash``."""
    return {each.key for each in Binding.make_bindings([Binding(keys, "")])}


def is_key(name: str) -> bool:
    """Whether it is a valid key: ``S``, ``/``, ``slash``, ``ctrl+n``, ``f5``."""
    if len(name) == 1:
        return name.isprintable() and not name.isspace()
    *modifiers, key = name.split("+")
    if not all(modifier in _MODIFIERS for modifier in modifiers):
        return False
    return len(key) == 1 or key in _NAMES or key_to_character(key) is not None
