"""The screen of each tab and page, imported when one first goes there: opening doesn't wait for
all of them."""

from importlib import import_module
from typing import Any

from textual.screen import Screen

from sestui.errors import NotFoundError
from sestui.tui.app.navigation.pages import Page
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
"""Module and class by the mode of the tab."""

_PAGES = {
    "campaign": ("sestui.tui.campaigns.campaign_screen", "CampaignScreen"),
    "run": ("sestui.tui.campaigns.run_screen", "RunScreen"),
    "contact": ("sestui.tui.contacts.contact_screen", "ContactScreen"),
    "task": ("sestui.tui.schedule.task_log", "TaskLogScreen"),
    "senders": ("sestui.tui.account.identities", "IdentitiesScreen"),
    "doctor": ("sestui.tui.account.doctor_screen", "DoctorScreen"),
    "keymap": ("sestui.tui.app.keys.keys_screen", "KeysScreen"),
    "notices": ("sestui.tui.app.notices.notices_screen", "NoticesScreen"),
    "relay keys": ("sestui.tui.account.relay_keys", "RelayKeysScreen"),
}
"""Module and class by the kind of the page; made with the page's key where it has one."""


def screen_class(mode: str) -> type[Screen[None]]:
    """The class of the tab's screen."""
    return _class(_SCREENS[mode])


def screen_of(mode: str, services: ScreenServices) -> Screen[None]:
    """A new screen of the tab."""
    made: Any = screen_class(mode)
    screen: Screen[None] = made(services)
    return screen


def page_screen(page: Page, services: ScreenServices) -> Screen[None]:
    """A new screen of the page."""
    made: Any = _class(_PAGES[page.kind])
    screen: Screen[None] = made(services, page.key) if page.key != "" else made(services)
    return screen


def _class(row: tuple[str, str]) -> type[Screen[None]]:
    module, name = row
    kind: type[Screen[None]] = getattr(import_module(module), name)
    return kind


def is_gone(page: Page, services: ScreenServices) -> bool:
    """Whether what the page shows is not there any more; blocking.

    Raises:
        SestuiError: that can't be found out now.
    """
    runtime = services.runtime
    try:
        match page.kind:
            case "campaign":
                return runtime.campaigns.find(str(page.key)) is None
            case "run":
                runtime.runs.get(int(page.key))
            case "contact":
                runtime.contact_records.of(str(page.key))
            case "task":
                return runtime.tasks.find(str(page.key)) is None
    except NotFoundError:
        return True
    return False


def import_all() -> None:
    """Bring in every place's screen, so that the first visit takes no longer than the second."""
    for module, _name in _SCREENS.values():
        import_module(module)
