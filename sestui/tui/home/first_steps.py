"""What to do where nothing has been sent yet: three steps, those that have been taken ticked."""

from collections.abc import Mapping

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from sestui.store.campaigns.begun import Begun
from sestui.tui.app.navigation.tabs import TABS, keys_of_tabs

_STEPS = (
    ("contacts", "import your list"),
    ("compose", "write the message, preview it for each contact"),
    ("campaigns", "send a test, then start it now or at a set time"),
)
_NAME = 12


class FirstSteps(Static):
    """The steps, and what the enter key does."""

    begun: reactive[Begun] = reactive(Begun())

    def __init__(self, keymap: Mapping[str, str]) -> None:
        """The keys are the tabs' own."""
        super().__init__(id="first-steps", markup=False)
        self._keys = keys_of_tabs(keymap)

    @property
    def next_step(self) -> str:
        """The mode of the tab where the first step is taken that has not been taken yet."""
        if not self.begun.contacts:
            return "contacts"
        return "campaigns" if self.begun.campaigns else "compose"

    def render(self) -> Content:
        """The next step stands out."""
        names = {tab.mode: tab.name for tab in TABS}
        after = [mode for mode, _what in _STEPS]
        after = after[after.index(self.next_step) :]
        steps = []
        for mode, what in _STEPS:
            taken = "✓" if mode not in after else " "
            line = f"{taken} {self._keys[mode] or ' '}   {names[mode]:<{_NAME}}{what}"
            steps.append(Content.styled(line, "bold" if mode == self.next_step else "$text-muted"))
        return Content.assemble(
            "Nothing has been sent yet. Three steps to your first campaign:\n\n",
            Content("\n").join(steps),
            "\n\nUntil you choose SES in Account, mail goes to the simulator: nothing leaves this "
            f"machine.\n⏎  goes to {names[self.next_step]}.  ?  shows every key, ctrl+p finds "
            "everything by name.",
        )
