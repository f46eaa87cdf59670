"""The footer: the keys that do something here."""

from textual.screen import Screen
from textual.widgets import Footer


class KeyBar(Footer):
    """Drawn anew only where the keys have changed.

    Textual tells of new bindings several times whenever the focus moves, and a footer of a dozen
    keys takes longer to make than all the rest of the screen to paint.
    """

    def __init__(self) -> None:
        super().__init__(compact=True)
        self._keys: list[tuple[str, str, str, bool]] = []

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Look whether it matters."""
        keys = [
            (binding.key, binding.action, binding.description, enabled)
            for _, binding, enabled, _ in screen.active_bindings.values()
            if binding.show
        ]
        if keys == self._keys and self._bindings_ready:
            return
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            self._keys = keys
        super().bindings_changed(screen)
