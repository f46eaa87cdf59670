"""The first lines of every screen: where one is, where mail goes, what is wrong."""

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from sestui.tui.app.account_label import AccountLabel
from sestui.tui.app.tabs import TABS
from sestui.tui.widgets.format import shorten

_HERE = "bold underline"


class TopBar(Widget):
    """Name, places, and on the right the account that mail goes to."""

    account: reactive[AccountLabel] = reactive(AccountLabel("", True))

    def __init__(self, tab: str) -> None:
        super().__init__()
        self._tab = tab

    def on_mount(self) -> None:
        """Follow what the app knows of the account."""
        self.watch(self.app, "account_label", self._show)

    def _show(self, label: AccountLabel) -> None:
        self.account = label

    def render(self) -> Content:
        """One line: what does not fit gives way on the left."""
        places = [
            Content.styled(place.name, _HERE if place.name == self._tab else "$text-muted").stylize(
                Style.from_meta({"@click": f"app.go({place.mode!r})"})
            )
            for place in TABS
            if place.offered(simulated=self.account.simulated)
        ]
        name, gap = Content.styled(" sestui ", "bold $text-primary"), Content("  ")
        left = name + Content(" ") + gap.join(places)
        room = self.size.width - len(self.account.text.split(" · ")[0]) - 3
        if left.cell_length > room:  # a narrow screen: the places matter more than the name
            left = Content(" ") + gap.join(places)
        room = max(9, self.size.width - left.cell_length - 4)
        parts = self.account.text.split(" · ")
        while len(parts) > 1 and cell_len(" · ".join(parts)) > room:
            parts.pop()  # the region gives way before a word is cut
        said = shorten(" · ".join(parts), room)
        safe = self.account.simulated
        style = "$on-success on $success" if safe else "bold $on-warning on $warning"
        right = Content.styled(f" {said} ", style)
        room = max(0, self.size.width - right.cell_length - 1)
        return left.truncate(room, pad=True) + right


class Banner(Widget):
    """One line about what stands in the way; not there while nothing does."""

    text: reactive[str] = reactive("")

    def __init__(self) -> None:
        super().__init__()
        self._own = ""
        self._shared = ""

    def on_mount(self) -> None:
        """Follow what is wrong with sending as a whole."""
        self.watch(self.app, "trouble", self._share)

    def say(self, text: str) -> None:
        """Say what is wrong with this screen; '' takes it back."""
        self._own = text
        self._update()

    def _share(self, text: str) -> None:
        self._shared = text
        self._update()

    def _update(self) -> None:
        self.text = self._shared or self._own
        self.display = bool(self.text)

    def render(self) -> Content:
        """At most as many lines as the sentence takes, three at the utmost."""
        return Content(shorten(self.text, max(1, 3 * (self.size.width or 80) - 12)))
