"""Locations: a tab and the pages opened on top of it, with their names in the header."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.screen import ModalScreen, Screen

from sestui.tui.app.navigation.tabs import TABS


@dataclass(frozen=True, slots=True)
class Page:
    """A screen by what it shows, so that it can be opened again."""

    kind: str
    """A row of the screen registry's table of pages."""
    key: str | int = ""
    """The name, address or id of what is shown; '' where there is only one."""

    def __str__(self) -> str:
        """As a sentence names it, however strange the key is; the caller makes it printable."""
        return f"{self.kind} {self.key}".rstrip()


@dataclass(frozen=True, slots=True)
class Location:
    """A tab, and the pages on top of it from the bottom up."""

    mode: str
    pages: tuple[Page, ...] = ()

    def is_within(self, other: "Location") -> bool:
        """Whether ``other`` leads back to this location."""
        return self.mode == other.mode and self.pages == other.pages[: len(self.pages)]


@dataclass(frozen=True, slots=True)
class Crumb:
    """One part of the way from the tab to the screen."""

    title: str
    """Any text: it is made harmless where it is drawn."""
    location: Location
    """Where it leads."""


def page_of(screen: Screen[Any]) -> Page | None:
    """What a screen shows; None: it can't be opened again (a form), or it is a tab's root."""
    page: Page | None = getattr(screen, "page", None)
    return page


def is_place(screen: Screen[Any]) -> bool:
    """Whether a screen is a place; a dialog isn't."""
    return not isinstance(screen, ModalScreen)


def location_of(mode: str, stack: Sequence[Screen[Any]]) -> Location:
    """Where one is with these screens on top of each other; what can't be opened again is left
    out, and so is everything above it."""
    pages = []
    for screen in stack[1:]:
        page = page_of(screen)
        if page is None:
            break
        pages.append(page)
    return Location(mode, tuple(pages))


def trail_of(mode: str, stack: Sequence[Screen[Any]]) -> list[Crumb]:
    """The way to the topmost of these screens: its tab, then each page.

    A page that belongs to another one follows it, whether that is open below it or not.
    """
    tabs = [tab.name for tab in TABS if tab.mode == mode]
    crumbs = [Crumb(name, Location(mode)) for name in tabs]
    for number, screen in enumerate(stack[1:], 1):
        if not is_place(screen):
            continue
        below = location_of(mode, stack[:number])
        within: Page | None = getattr(screen, "within", None)
        if within is not None and within not in below.pages[-1:]:
            crumbs.append(Crumb(str(within.key), Location(mode, (*below.pages, within))))
        if screen.title:
            crumbs.append(Crumb(screen.title, location_of(mode, stack[: number + 1])))
    return crumbs
