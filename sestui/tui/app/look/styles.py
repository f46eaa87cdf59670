"""Styles that are parsed once, however many screens are opened and themes looked at."""

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

from sestui.tui._compat import Sources, use_parsed

_MOST_THEMES = 32
_MOST_SOURCES = 1_024
"""Every kind of widget has a source; in a cache that is too small for one round over all of them,
nothing is ever found."""

_parsed: LRUCache[frozenset[tuple[str, str]], Sources] = LRUCache(_MOST_THEMES)
"""What was parsed, by the variables of the theme."""


class LastingStylesheet(Stylesheet):
    """A stylesheet that keeps what it has parsed.

    Textual 8 parses every source again, twice, whenever a screen is shown for the first time: half
    the time it takes to open a place. What comes out depends on the sources and the theme's
    variables only, so it is kept by those.
    """

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._use_kept(variables)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Use these variables from the next parsing on."""
        use_parsed(self, LRUCache(1))  # which Textual empties; what is kept stays
        super().set_variables(variables)
        self._use_kept(variables)

    def reparse(self) -> None:
        """Apply new variables and new sources, all of which are sestui's or Textual's own."""
        self.parse()

    def _use_kept(self, variables: dict[str, str]) -> None:
        key = frozenset(variables.items())
        kept = _parsed.get(key)
        if kept is None:
            kept = _parsed[key] = LRUCache(_MOST_SOURCES)
        use_parsed(self, kept)
