"""The screen of each place, imported when one first goes there: opening doesn't wait for all."""

from collections.abc import Callable, Mapping

from textual.screen import Screen

from sestui.tui.app.services import ScreenServices


def _home(services: ScreenServices) -> Screen[None]:
    from sestui.tui.home.home_screen import HomeScreen  # noqa: PLC0415 - see the top

    return HomeScreen(services)


def _campaigns(services: ScreenServices) -> Screen[None]:
    from sestui.tui.campaigns.campaigns_screen import CampaignsScreen  # noqa: PLC0415 - see the top

    return CampaignsScreen(services)


def _contacts(services: ScreenServices) -> Screen[None]:
    from sestui.tui.contacts.contacts_screen import ContactsScreen  # noqa: PLC0415 - see the top

    return ContactsScreen(services)


def _compose(services: ScreenServices) -> Screen[None]:
    from sestui.tui.compose.compose_screen import ComposeScreen  # noqa: PLC0415 - see the top

    return ComposeScreen(services)


def _schedule(services: ScreenServices) -> Screen[None]:
    from sestui.tui.schedule.schedule_screen import ScheduleScreen  # noqa: PLC0415 - see the top

    return ScheduleScreen(services)


def _log(services: ScreenServices) -> Screen[None]:
    from sestui.tui.log.log_screen import LogScreen  # noqa: PLC0415 - see the top

    return LogScreen(services)


def _outbox(services: ScreenServices) -> Screen[None]:
    from sestui.tui.outbox.outbox_screen import OutboxScreen  # noqa: PLC0415 - see the top

    return OutboxScreen(services)


def _account(services: ScreenServices) -> Screen[None]:
    from sestui.tui.account.account_screen import AccountScreen  # noqa: PLC0415 - see the top

    return AccountScreen(services)


SCREENS: Mapping[str, Callable[[ScreenServices], Screen[None]]] = {
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
    from sestui.tui.account import account_screen as account  # noqa: F401, PLC0415 - see the top
    from sestui.tui.campaigns import campaigns_screen as campaigns  # noqa: F401, PLC0415 - see the top
    from sestui.tui.compose import compose_screen as compose  # noqa: F401, PLC0415 - see the top
    from sestui.tui.contacts import contacts_screen as contacts  # noqa: F401, PLC0415 - see the top
    from sestui.tui.log import log_screen as log  # noqa: F401, PLC0415 - see the top
    from sestui.tui.outbox import outbox_screen as outbox  # noqa: F401, PLC0415 - see the top
    from sestui.tui.schedule import schedule_screen as schedule  # noqa: F401, PLC0415 - see the top
