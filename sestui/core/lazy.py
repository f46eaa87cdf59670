"""Attributes that are made at their first use, once, though several threads use them at once."""

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

_Made = TypeVar("_Made")


class lazy(Generic[_Made]):  # noqa: N801 - written like property, which it takes the place of
    """A property that is made at its first use and kept; whoever asks meanwhile waits for it.

    ``functools.cached_property`` has no lock from Python 3.12 on: two threads may then make two of
    what there is to be one of, two simulators for instance. Each object has a lock of its own for
    each of these, so that nobody waits for what they didn't ask for. What is made may use others of
    the same object. A failure is raised to whoever asked, and the next one tries again.
    """

    def __init__(self, make: Callable[[Any], _Made]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...

    @overload
    def __get__(self, owner: object, kind: type) -> _Made: ...

    def __get__(self, owner: object | None, kind: type) -> Self | _Made:
        """Make it; from then on it stands in the object itself, and nobody comes here any more."""
        if owner is None:
            return self
        kept = vars(owner)
        lock = kept.setdefault(f"{self._name} lock", threading.RLock())  # one step: one lock
        with lock:
            if self._name not in kept:
                kept[self._name] = self._make(owner)
        made: _Made = kept[self._name]
        return made
