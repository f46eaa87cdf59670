"""The footer: the keys that do something here."""

from dataclasses import dataclass

from textual.content import Content
from textual.events import Leave, MouseDown, MouseMove
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget

from sestui.tui.app.keys.mode import COMMAND, WRITE, mode_of

_MORE = "…"


@dataclass(frozen=True, slots=True)
class _Key:
    """One key of the bar."""

    key: str
    display: str
    description: str
    tooltip: str
    enabled: bool
    of_app: bool
    """Does the same everywhere: stays when the bar is too short for all."""

    @property
    def width(self) -> int:
        return Content(f"{self.display} {self.description}").cell_length


def _has_fields(screen: Screen[object]) -> bool:
    return any(field.region for field in screen.query("Input, TextArea"))


def _width(keys: list[_Key]) -> int:
    """Cells that they take, each with the space behind it."""
    return sum(key.width + 1 for key in keys)


class KeyBar(Widget, can_focus=False):
    """Whether letters are text, and the available keys; each can be clicked.

    Textual's own footer has a widget for each key and makes them anew whenever the focus moves,
    which takes longer than painting the rest of the screen. This one is text.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {  # noqa: RUF012 - Textual's own way to declare them
        "key-bar--key",
        "key-bar--description",
        "key-bar--palette",
        "key-bar--write",
        "key-bar--command",
    }
    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        color: $footer-foreground;
        background: $footer-background;

        & > .key-bar--key {
            color: $footer-key-foreground;
            background: $footer-key-background;
            text-style: bold;
        }
        & > .key-bar--description {
            color: $footer-description-foreground;
            background: $footer-description-background;
        }
        & > .key-bar--palette {
            color: $foreground 20%;
        }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[_Key] = []
        self._palette: _Key | None = None
        self._mode = ""

    def on_mount(self) -> None:
        """Follow what can be done."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if not (screen.app.app_focus and self.is_attached and screen is self.screen):
            return
        found: dict[str, _Key] = {}
        palette = None
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            key = _Key(
                binding.key,
                self.app.get_key_display(binding),
                binding.description,
                tooltip or binding.description,
                enabled,
                node is self.app,
            )
            if binding.key == self.app.COMMAND_PALETTE_BINDING:
                palette = key
            elif binding.show:
                found.setdefault(binding.action, key)
        now = (list(found.values()), palette, mode_of(screen.focused))
        if now != (self._keys, self._palette, self._mode):
            self._keys, self._palette, self._mode = now
            self.refresh()

    # painting

    def render(self) -> Content:
        """The line."""
        right = Content("")
        if self._palette is not None:
            edge = ("▏", self.get_visual_style("key-bar--palette"))
            right = Content.assemble(edge, self._painted(self._palette))
        room = max(0, self.size.width - right.cell_length)
        mode = self._painted_mode(room)
        left = mode + Content(" ").join(self._that_fit(room - mode.cell_length))
        return Content.assemble(left, " " * (room - left.cell_length), right)

    def _painted_mode(self, room: int) -> Content:
        """The mode's name; left out where nothing can be typed and the keys need its room."""
        if not self._mode:
            return Content("")
        kind = "write" if self._mode == WRITE else "command"
        said = Content.assemble(
            (f" {self._mode} ", self.get_visual_style(f"key-bar--{kind}")), Content(" ")
        )
        spare = self._mode == COMMAND and not _has_fields(self.screen)
        return Content("") if spare and _width(self._keys) + said.cell_length > room else said

    def _that_fit(self, room: int) -> list[Content]:
        """The keys that fit; those of the app always stay, as help is among them."""
        here = [key for key in self._keys if not key.of_app]
        everywhere = [key for key in self._keys if key.of_app]
        room -= _width(everywhere)
        more = []
        if _width(here) > room:
            more = [Content(_MORE)]
            while here and _width(here) + len(_MORE) + 1 > room:
                here.pop()
        return [*map(self._painted, here), *more, *map(self._painted, everywhere)]

    def _painted(self, key: _Key) -> Content:
        about = Style.from_meta({"key": key.key, "tooltip": key.tooltip, "enabled": key.enabled})
        dim = Style() if key.enabled else Style(dim=True)
        return Content.assemble(
            (key.display, self.get_visual_style("key-bar--key") + dim + about),
            (f" {key.description}", self.get_visual_style("key-bar--description") + dim + about),
        )

    # the mouse

    def on_mouse_down(self, event: MouseDown) -> None:
        """As if the key had been pressed."""
        meta = event.style.meta
        if meta.get("enabled"):
            self.app.simulate_key(meta["key"])
        elif "key" in meta:
            self.app.bell()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Say more of the key that is pointed at."""
        self.tooltip = event.style.meta.get("tooltip")

    def on_leave(self, _: Leave) -> None:
        """Nothing is pointed at any more."""
        self.tooltip = None
