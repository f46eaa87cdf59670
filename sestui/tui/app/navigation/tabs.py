"""The app's tabs, in the order of the top bar, each with its key."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the screens that everything else is reached from."""

    name: str
    """As the top bar shows it; its lower case is the name of the app's mode."""
    tooltip: str
    simulated_only: bool = False
    """Whether it is there only while mail goes to the simulator."""

    def offered(self, *, simulated: bool) -> bool:
        """Whether one can go there."""
        return simulated or not self.simulated_only

    @property
    def mode(self) -> str:
        """The app's mode: each place keeps the screens that were opened from it."""
        return self.name.lower()


TABS = (
    Tab("Home", "The account, what needs you, what is running and what is next"),
    Tab("Campaigns", "Every campaign, its state, and what you can do with it"),
    Tab("Contacts", "Who is on which lists, and the result of every mail to them"),
    Tab("Compose", "Write the message, and preview the mail for each contact"),
    Tab("Schedule", "Tasks, when they run, and their logs"),
    Tab("Log", "Every delivery of every campaign, with its result"),
    Tab(
        "Outbox",
        "The mail the simulator has accepted, as its recipients would see it",
        simulated_only=True,
    ),
    Tab("Account", "Where mail goes, what SES says about the account, and every setting"),
)
"""In the order of their keys: 1 is the first. A place that is not offered keeps its key."""


def tab_bindings() -> list[Binding]:
    """A digit for each place; help and palette name them."""
    return [
        Binding(
            str(number),
            f"go({place.mode!r})",
            place.name,
            show=False,
            id=f"go.{place.mode}",
            tooltip=place.tooltip,
        )
        for number, place in enumerate(TABS, 1)
    ]


def named_tab(mode: str, keymap: Mapping[str, str]) -> str:
    """``2 Campaigns``: a tab by its key and name; by its name where the key is no single sign."""
    name = next(tab.name for tab in TABS if tab.mode == mode)
    return f"{keys_of_tabs(keymap)[mode]} {name}".lstrip()


def keys_of_tabs(keymap: Mapping[str, str]) -> dict[str, str]:
    """The key of each tab by its mode, under the operator's keymap; '' if it is no single sign."""
    keys = {
        tab.mode: keymap.get(f"go.{tab.mode}", str(number)).partition(",")[0]
        for number, tab in enumerate(TABS, 1)
    }
    return {mode: key if len(key) == 1 else "" for mode, key in keys.items()}
