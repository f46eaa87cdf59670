"""The screen of each place, imported when one first goes there: opening doesn't wait for all."""

from importlib import import_module
from typing import Any

from textual.screen import Screen

from sestui.tui.app.services import ScreenServices

_SCREENS = {
    "home": ("sestui.tui.home.home_screen", "HomeScreen"),
    "campaigns": ("sestui.tui.campaigns.campaigns_screen", "CampaignsScreen"),
    "contacts": ("sestui.tui.contacts.contacts_screen", "ContactsScreen"),
    "compose": ("sestui.tui.compose.compose_screen", "ComposeScreen"),
    "schedule": ("sestui.tui.schedule.schedule_screen", "ScheduleScreen"),
    "log": ("sestui.tui.log.log_screen", "LogScreen"),
    "outbox": ("sestui.tui.outbox.outbox_screen", "OutboxScreen"),
    "account": ("sestui.tui.account.account_screen", "AccountScreen"),
}
"""Module and class by the mode of the place."""


def screen_of(mode: str, services: ScreenServices) -> Screen[None]:
    """A new screen of the place."""
    module, name = _SCREENS[mode]
    made: Any = getattr(import_module(module), name)(services)
    assert isinstance(made, Screen)  # noqa: S101 - the table is ours
    return made


def import_all() -> None:
    """Bring in every place's screen, so that the first visit takes no longer than the second."""
    for module, _name in _SCREENS.values():
        import_module(module)
