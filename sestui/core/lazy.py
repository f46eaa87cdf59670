"""Attributes made at first use, exactly once even when several threads use them at once."""

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

_Made = TypeVar("_Made")


class lazy(Generic[_Made]):  # noqa: N801 - written like property, which it takes the place of
    """A property made at first use and kept; other threads wait while it is being made.

    ``functools.cached_property`` has no lock from Python 3.12 on, so two threads may start two
    simulators, for instance. Each object has one lock for each of its lazy properties; they may use
    each other. An exception is raised to the caller, and the next caller tries again.
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
        """Make the value and put it into the instance, which later reads use directly."""
        if owner is None:
            return self
        kept = vars(owner)
        lock = kept.setdefault(f"{self._name} lock", threading.RLock())  # one step: one lock
        with lock:
            if self._name not in kept:
                kept[self._name] = self._make(owner)
        made: _Made = kept[self._name]
        return made
