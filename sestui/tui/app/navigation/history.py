"""What was visited, to go back and forward through; pure."""

from sestui.tui.app.navigation.pages import Location

_MOST = 100
"""Places that are remembered."""


class History:
    """Places in the order in which one came to them, and at which of them one is."""

    def __init__(self) -> None:
        self._visited: list[Location] = []
        self._at = -1

    @property
    def here(self) -> Location | None:
        """Where one is; None: nowhere yet."""
        return self._visited[self._at] if self._visited else None

    def visit(self, location: Location, *, closed: bool = False) -> None:
        """One has come to a place.

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
        """The place one would come to by so many steps; None: there is none."""
        place = self._at + step
        return self._visited[place] if 0 <= place < len(self._visited) else None

    def move(self, step: int) -> None:
        """One has gone so many steps along what was visited."""
        self._at += step

    def forget(self, step: int) -> None:
        """The place a step away (-1 or 1) is not there any more, nor what lay between twice."""
        del self._visited[self._at + step]
        self._at += min(step, 0)
        if self.beside(step) == self.here:
            del self._visited[self._at + step]
            self._at += min(step, 0)
