"""Styles that are parsed once, however many screens are opened."""

from textual.css.stylesheet import Stylesheet


class LastingStylesheet(Stylesheet):
    """A stylesheet that keeps what it has parsed until a variable changes.

    Textual 8 parses every source again, twice, whenever a screen is shown for the first time: half
    the time it takes to open a place. What has been parsed depends on the sources and the theme's
    variables only, so it is kept as long as those stay as they are.
    """

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables)
        self._changed = False
        # Every kind of widget has a source; in a cache that is too small for one round over all of
        # them, nothing is ever found.
        self._parse_cache.grow(1024)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Use other variables; the same ones as before change nothing."""
        if variables != self._given:
            self._given = dict(variables)
            self._changed = True
            super().set_variables(variables)

    def reparse(self) -> None:
        """Apply new variables and new sources."""
        if self._changed:
            super().reparse()
            self._changed = False
        else:
            self.parse()
