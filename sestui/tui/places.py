"""The places of the app: what stands in the top bar, in its order, each a key away."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.screen import Screen

if TYPE_CHECKING:
    from sestui.tui.desk import Desk


@dataclass(frozen=True, slots=True)
class Place:
    """One of the screens that everything else is reached from."""

    name: str
    """As the top bar shows it; its lower case is the name of the app's mode."""
    tooltip: str
    open: Callable[["Desk"], Screen[None]]
    simulated_only: bool = False
    """Whether it is there only while mail goes to the simulator."""

    def offered(self, *, simulated: bool) -> bool:
        """Whether one can go there."""
        return simulated or not self.simulated_only

    @property
    def mode(self) -> str:
        """The app's mode: each place keeps the screens that were opened from it."""
        return self.name.lower()


# A place is imported when it is first gone to: the first paint doesn't wait for the others.


def _home(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.home import HomeScreen  # noqa: PLC0415 - see above

    return HomeScreen(desk)


def _campaigns(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.campaigns import CampaignsScreen  # noqa: PLC0415 - see above

    return CampaignsScreen(desk)


def _contacts(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.contacts import ContactsScreen  # noqa: PLC0415 - see above

    return ContactsScreen(desk)


def _compose(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.compose import ComposeScreen  # noqa: PLC0415 - see above

    return ComposeScreen(desk)


def _schedule(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.schedule import ScheduleScreen  # noqa: PLC0415 - see above

    return ScheduleScreen(desk)


def _log(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.log import LogScreen  # noqa: PLC0415 - see above

    return LogScreen(desk)


def _outbox(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.outbox import OutboxScreen  # noqa: PLC0415 - see above

    return OutboxScreen(desk)


def _account(desk: "Desk") -> Screen[None]:
    from sestui.tui.screens.account import AccountScreen  # noqa: PLC0415 - see above

    return AccountScreen(desk)


PLACES = (
    Place("Home", "The account, what needs you, what goes on and what comes", _home),
    Place(
        "Campaigns", "Every campaign, what state it is in, and what can be done to it", _campaigns
    ),
    Place("Contacts", "Who is on which list, and what became of every mail to them", _contacts),
    Place("Compose", "Write the message, and see the mail that each contact gets", _compose),
    Place("Schedule", "Tasks that run by themselves, when they do, and their logs", _schedule),
    Place("Log", "Every delivery of every campaign, and what became of it", _log),
    Place(
        "Outbox",
        "What the simulator was handed, as its recipients would see it",
        _outbox,
        simulated_only=True,
    ),
    Place("Account", "Where mail goes, what SES says of the account, and every setting", _account),
)
"""In the order of their keys: 1 is the first. A place that is not offered keeps its key."""


def place_bindings() -> list[Binding]:
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
        for number, place in enumerate(PLACES, 1)
    ]
