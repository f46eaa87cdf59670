"""The history of visited places, for back and forward; pure."""

from sestui.tui.app.navigation.pages import Location

_MOST = 100
"""Places that are remembered."""


class History:
    """Visited places in order, and the current one."""

    def __init__(self) -> None:
        self._visited: list[Location] = []
        self._at = -1

    @property
    def here(self) -> Location | None:
        """The current place; None before the first."""
        return self._visited[self._at] if self._visited else None

    def visit(self, location: Location, *, closed: bool = False) -> None:
        """Record a visited place.

        A page that is ``closed`` leads back to where it was opened from: forward then opens it
        again. Any other way forgets what was ahead.
        """
        if self.here is None:
            self._visited, self._at = [location], 0
        elif location == self.here:
            return
        elif closed and location == self.beside(-1) and location.is_within(self.here):
            self._at -= 1
        else:
            self._visited = [*self._visited[: self._at + 1], location][-_MOST:]
            self._at = len(self._visited) - 1

    def beside(self, step: int) -> Location | None:
        """The place ``step`` steps away; None if there is none."""
        place = self._at + step
        return self._visited[place] if 0 <= place < len(self._visited) else None

    def move(self, step: int) -> None:
        """Record a move of ``step`` steps through the history."""
        self._at += step

    def forget(self, step: int) -> None:
        """The place a step away (-1 or 1) is not there any more, nor what lay between twice."""
        del self._visited[self._at + step]
        self._at += min(step, 0)
        if self.beside(step) == self.here:
            del self._visited[self._at + step]
            self._at += min(step, 0)
