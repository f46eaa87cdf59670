"""The screen of each place, imported when one first goes there: opening doesn't wait for all."""

from collections.abc import Callable, Mapping

from textual.screen import Screen

from sestui.tui.desk import Desk


def _home(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.home import HomeScreen  # noqa: PLC0415 - see the top

    return HomeScreen(desk)


def _campaigns(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.campaigns import CampaignsScreen  # noqa: PLC0415 - see the top

    return CampaignsScreen(desk)


def _contacts(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.contacts import ContactsScreen  # noqa: PLC0415 - see the top

    return ContactsScreen(desk)


def _compose(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.compose import ComposeScreen  # noqa: PLC0415 - see the top

    return ComposeScreen(desk)


def _schedule(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.schedule import ScheduleScreen  # noqa: PLC0415 - see the top

    return ScheduleScreen(desk)


def _log(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.log import LogScreen  # noqa: PLC0415 - see the top

    return LogScreen(desk)


def _outbox(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.outbox import OutboxScreen  # noqa: PLC0415 - see the top

    return OutboxScreen(desk)


def _account(desk: Desk) -> Screen[None]:
    from sestui.tui.screens.account import AccountScreen  # noqa: PLC0415 - see the top

    return AccountScreen(desk)


ROOMS: Mapping[str, Callable[[Desk], Screen[None]]] = {
    "home": _home,
    "campaigns": _campaigns,
    "contacts": _contacts,
    "compose": _compose,
    "schedule": _schedule,
    "log": _log,
    "outbox": _outbox,
    "account": _account,
}
"""By the mode of the place."""


def import_all() -> None:
    """Bring in every place's screen, so that the first visit takes no longer than the second."""
    from sestui.tui.screens import (  # noqa: F401, PLC0415 - see the top
        account,
        campaigns,
        compose,
        contacts,
        log,
        outbox,
        schedule,
    )
