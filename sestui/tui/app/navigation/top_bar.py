"""The top bar of every screen: location, account, and what is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.events import Leave, MouseMove
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from sestui.tui.app.navigation.account_label import AccountLabel
from sestui.tui.app.navigation.pages import trail_of
from sestui.tui.app.navigation.tabs import TABS, Tab, keys_of_tabs
from sestui.tui.widgets.format import shorten

_BRAND = "sestui"
_GAP = 2
"""Cells between tabs."""
_INTO = " › "
_WIDEST = 60
"""Cells of a part of the trail, however much room there is."""
_LONG = 12
"""Cells above which a part of the trail is cut before all others."""
_LEAST = 5
"""Cells of a shortened part of the trail."""


@dataclass(frozen=True, slots=True)
class _Label:
    """Something in the bar that can be clicked."""

    text: str
    style: str
    action: str
    tooltip: str = ""

    def content(self) -> Content:
        about = {"@click": self.action, "tooltip": self.tooltip}
        return Content.styled(self.text, self.style).stylize(Style.from_meta(about))


@dataclass(frozen=True, slots=True)
class Bar:
    """What the bar has to show."""

    tabs: Sequence[Tab]
    keys: Mapping[str, str]
    """Of the tabs, by mode; a tab may have none."""
    here: str
    """The mode of the tab that one is in."""
    trail: Sequence[str]
    """The tab's name, then what is open on top of it; any text."""
    account: AccountLabel

    def drawn(self, width: int) -> Content:
        """One line of so many cells.

        As room shrinks, the name of the app gives way, then the space between keys and names of
        the tabs, the region of the account, the keys, the names of the other tabs, letters of the
        trail, and the other tabs.
        """
        for left, right in self._ways(width):
            if left.cell_length + 1 + right.cell_length <= width:
                break
        return left.truncate(max(0, width - right.cell_length), pad=True) + right

    def _ways(self, width: int) -> Iterator[tuple[Content, Content]]:
        """Variants of the left and right side, the longest first; the last one always fits."""
        whole, least = self._account(width, whole=True), self._account(width, whole=False)
        named = []
        for brand, keys in ((True, " "), (False, " "), (False, "")):
            named.append(self._tabs(self.trail, brand=brand, keys=keys))
            yield named[-1], whole
        yield from ((left, least) for left in named)
        named = [self._tabs(self.trail)]
        yield named[0], whole
        yield named[0], least
        room = width - least.cell_length - 1
        for trail in (self.trail, self._shortened(room)):
            left = self._tabs(trail, only_keys=True)
            yield left, whole
            yield left, least
        yield self._tabs(self._shortened(room, alone=True), alone=True), least

    def _account(self, width: int, *, whole: bool) -> Content:
        parts = self.account.text.split(" · ")
        text = shorten(" · ".join(parts) if whole else parts[0], max(3, width // 2))
        safe = self.account.simulated
        style = "$on-success on $success" if safe else "bold $on-warning on $warning"
        return Content.styled(f" {text} ", style)

    def _tabs(
        self,
        trail: Sequence[str],
        *,
        brand: bool = False,
        keys: str | None = None,
        only_keys: bool = False,
        alone: bool = False,
    ) -> Content:
        """``keys`` stands between a tab's key and its name; None: without the keys."""
        parts = []
        if only_keys:
            keys = " "
        between, tight = keys or "", only_keys or keys == ""
        for tab in self.tabs:
            key = self.keys.get(tab.mode, "")
            if tab.mode == self.here:
                before = f"{key}{between}" if keys is not None and key else ""
                here = self._trail(trail, before)
                parts.append(here.pad(1, 1) if only_keys else here)
            elif not alone:
                name = "" if only_keys else tab.name
                shown = between.join(part for part in (key, name) if part)
                text = name if keys is None else shown
                action = f"app.go({tab.mode!r})"
                label = _Label(text or tab.name[:1], "$text-muted", action, tab.name).content()
                if keys == "":  # nothing but its colour tells the key from the name
                    label = label.stylize("$text-primary", 0, len(key))
                parts.append(label)
        gap = Content(" " * (1 if tight else _GAP))
        start = Content.styled(f" {_BRAND}  ", "bold $text-primary") if brand else Content(" ")
        return start + gap.join(parts)

    def _trail(self, trail: Sequence[str], before: str) -> Content:
        first, last = len(self.trail) - len(trail), len(self.trail) - 1
        crumbs = [
            _Label(
                f"{'' if number else before}{text}",
                "bold underline" if number == last else "bold",
                f"app.climb({number})",
                self.trail[number] if text != self.trail[number] else "",
            ).content()
            for number, text in enumerate(trail, first)
        ]
        return Content.styled(_INTO, "$text-muted").join(crumbs)

    def _shortened(self, room: int, *, alone: bool = False) -> list[str]:
        """The trail cut to what is left beside the keys of the tabs.

        What is long is cut first, then what leads to the screen; and what is furthest up is left
        out where there is room for a few letters of each only.
        """
        if not alone:
            others = [tab for tab in self.tabs if tab.mode != self.here]
            keys = [self.keys.get(tab.mode, "") or " " for tab in [*others, *self.tabs[:1]]]
            room -= sum(cell_len(key) + 1 for key in keys) + 2
        trail = list(self.trail)
        # One cell before it, and what stands between its parts.
        while len(trail) > 1 and 1 + (_LEAST + len(_INTO)) * len(trail) - len(_INTO) > room:
            del trail[0]
        room -= 1 + len(_INTO) * (len(trail) - 1)
        widths = [cell_len(text) for text in trail]
        while sum(widths) > max(room, _LEAST):
            longest, above = widths.index(max(widths)), widths[:-1]
            if widths[longest] <= _LONG:
                longest = above.index(max(above)) if max(above, default=0) > _LEAST else -1
            widths[longest] -= 1
        return [shorten(text, width) for text, width in zip(trail, widths, strict=True)]


class TopBar(Widget):
    """Tabs, the way from one to the screen, and on the right the account that mail goes to."""

    account: reactive[AccountLabel] = reactive(AccountLabel("", True))
    keys: reactive[Mapping[str, str]] = reactive(keys_of_tabs({}))
    """Of the tabs, by mode."""

    def __init__(self, tab: str) -> None:
        """``tab`` is the name of the tab that is shown as long as one is in none."""
        super().__init__()
        self._here = tab.lower()
        self._trail: Sequence[str] = (tab,)

    def on_mount(self) -> None:
        """Follow what is known of the account, and what the screen is called."""
        self.watch(self.app, "account_label", self._show)
        self.watch(self.app, "tab_keys", self._show_keys)
        self.watch(self.screen, "title", self._retitled, init=False)

    def _show(self, label: AccountLabel) -> None:
        self.account = label

    def _show_keys(self, keys: Mapping[str, str]) -> None:
        self.keys = keys

    def _retitled(self) -> None:
        self.refresh()

    def render(self) -> Content:
        """One line."""
        self._find_out()
        simulated = self.account.simulated
        tabs = [tab for tab in TABS if tab.offered(simulated=simulated)]
        bar = Bar(tabs, self.keys, self._here, self._trail, self.account)
        return bar.drawn(self.size.width)

    def _find_out(self) -> None:
        """Find the screen's location while it is open."""
        stack, mode = self.app.screen_stack, self.app.current_mode
        if self.screen not in stack:
            return
        trail = trail_of(mode, stack[: stack.index(self.screen) + 1])
        if trail:
            self._here = mode
            self._trail = [shorten(crumb.title, _WIDEST) for crumb in trail]

    def on_mouse_move(self, event: MouseMove) -> None:
        """Name what is pointed at, where only its key or a part of it is drawn."""
        self.tooltip = event.style.meta.get("tooltip") or None

    def on_leave(self, _: Leave) -> None:
        """Nothing is pointed at any more."""
        self.tooltip = None


class Banner(Widget):
    """One line about an error or about what sending will do; hidden if there is neither."""

    text: reactive[str] = reactive("")

    def __init__(self, *, tells_of_sending: bool = False) -> None:
        """``tells_of_sending``: on a screen that shows what is sent, who else sends is said too."""
        super().__init__()
        self._tells_of_sending = tells_of_sending
        self._own = ""
        self._shared = ""
        self._notice = ""

    def on_mount(self) -> None:
        """Follow what is wrong with sending as a whole."""
        self.watch(self.app, "trouble", self._share)
        self.watch(self.app, "going_on", self._read_notices)
        if self._tells_of_sending:
            self.watch(self.app, "sent_elsewhere", self._read_notices)

    def say(self, text: str) -> None:
        """Show what is wrong with this screen; '' clears it."""
        self._own = text
        self._update()

    def _share(self, text: str) -> None:
        self._shared = text
        self._update()

    def _read_notices(self) -> None:
        app: Any = self.app
        self._notice = app.going_on or (app.sent_elsewhere if self._tells_of_sending else "")
        self._update()

    def _update(self) -> None:
        trouble = self._shared or self._own
        self.set_class(not trouble, "-notice")
        self.text = trouble or self._notice
        self.display = bool(self.text)

    def render(self) -> Content:
        """As many lines as the sentence needs, at most three."""
        return Content(shorten(self.text, max(1, 3 * (self.size.width or 80) - 12)))
